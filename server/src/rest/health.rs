//! `/api/v1/health`, and the two probes `/healthz` and `/readyz`.

use super::{Refusal, extract::NoQuery};
use crate::Drain;
use axum::{Json, extract::State};
use protocol::{Problem, api::Health};
use runtime::Api;

/// State of the server: where its log is, how many are connected.
#[utoipa::path(get, operation_id = "get_health", path = "/health", tag = "health",
    responses((status = 200, body = Health)))]
pub(super) async fn health(
    State(api): State<Api>,
    State(drain): State<Drain>,
    NoQuery: NoQuery,
) -> Result<Json<Health>, Refusal> {
    let mut health = api.health().await?;
    if drain.has_begun() {
        health.status = "draining".to_owned();
    }
    Ok(Json(health))
}

/// The process answers.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// New work is welcome: the store answers, and the server is not going away.
pub(super) async fn ready(State(api): State<Api>, State(drain): State<Drain>) -> Result<&'static str, Refusal> {
    if drain.has_begun() {
        let detail = "the server is going away; ask another or wait for its return";
        return Err(Problem::new(503, "draining", "Draining", detail).temporary().into());
    }
    api.health().await?;
    Ok("ok\n")
}
