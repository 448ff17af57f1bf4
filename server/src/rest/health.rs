//! `/api/v1/health`, and the two probes `/healthz` and `/readyz`.

use super::{
    Refusal,
    extract::{Caller, NoQuery},
};
use crate::{AppState, Drain, Refusals};
use axum::{Json, extract::State};
use protocol::{Problem, api::Health};
use std::sync::Arc;

/// State of the server: where its log is, how many are connected.
#[utoipa::path(get, operation_id = "get_health", path = "/health", tag = "health",
    responses((status = 200, body = Health)))]
pub(super) async fn health(
    Caller(api): Caller,
    State(drain): State<Drain>,
    State(refusals): State<Arc<Refusals>>,
    NoQuery: NoQuery,
) -> Result<Json<Health>, Refusal> {
    let mut health = api.health().await?;
    health.refused = refusals.snapshot().into_iter().map(|(reason, count)| (reason.to_owned(), count)).collect();
    if drain.has_begun() {
        health.status = "draining".to_owned();
    }
    Ok(Json(health))
}

/// The process answers.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// New work is welcome: the store answers, and the server is not going away. Whoever asks.
pub(super) async fn ready(State(state): State<AppState>) -> Result<&'static str, Refusal> {
    if state.drain.has_begun() {
        let detail = "the server is going away; ask another or wait for its return";
        return Err(Problem::new(503, "draining", "Draining", detail).temporary().into());
    }
    state.api.health().await?;
    Ok("ok\n")
}
