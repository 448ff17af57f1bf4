//! `/api/v1/executions/{id}/pause`

use super::{
    Refusal,
    extract::{Caller, ExecutionPath, NoQuery, OptionalJson},
};
use axum::Json;
use protocol::{
    Problem,
    api::{ExecutionDetail, ReasonRequest},
};

/// Pauses an execution: nothing new begins until it is resumed; what runs may end.
#[utoipa::path(
    post, operation_id = "pause_execution", path = "/executions/{id}/pause", tag = "executions",
    params(("id" = String, Path, description = "The execution's UUID")),
    request_body(content = Option<ReasonRequest>, content_type = "application/json"),
    responses((status = 200, body = ExecutionDetail),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It has ended, or is paused already", body = Problem,
            content_type = "application/problem+json"))
)]
pub(super) async fn pause(
    Caller(api): Caller,
    ExecutionPath(id): ExecutionPath,
    NoQuery: NoQuery,
    OptionalJson(request): OptionalJson<ReasonRequest>,
) -> Result<Json<ExecutionDetail>, Refusal> {
    Ok(Json(api.pause(id, request.reason).await?))
}
