//! `/api/v1/workers`

use super::{
    Refusal,
    extract::{Caller, NoQuery},
};
use axum::Json;
use protocol::api::WorkerList;

/// The worker processes connected to this server, in the order in which they came.
#[utoipa::path(get, operation_id = "list_workers", path = "/workers", tag = "workers",
    responses((status = 200, body = WorkerList)))]
pub(super) async fn list(Caller(api): Caller, NoQuery: NoQuery) -> Result<Json<WorkerList>, Refusal> {
    Ok(Json(api.workers().await?))
}
