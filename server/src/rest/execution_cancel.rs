//! `/api/v1/executions/{id}/cancel`

use super::{
    Refusal,
    extract::{Caller, ExecutionPath, NoQuery, OptionalJson},
};
use axum::Json;
use protocol::{
    Problem,
    api::{ExecutionDetail, ReasonRequest},
};

/// Cancels an execution. Wins over every report still under way; steps with arcs `on: cancelled` go on there.
#[utoipa::path(
    post, operation_id = "cancel_execution", path = "/executions/{id}/cancel", tag = "executions",
    params(("id" = String, Path, description = "The execution's UUID")),
    request_body(content = Option<ReasonRequest>, content_type = "application/json"),
    responses((status = 200, body = ExecutionDetail),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It has ended already", body = Problem,
            content_type = "application/problem+json"))
)]
pub(super) async fn cancel(
    Caller(api): Caller,
    ExecutionPath(id): ExecutionPath,
    NoQuery: NoQuery,
    OptionalJson(request): OptionalJson<ReasonRequest>,
) -> Result<Json<ExecutionDetail>, Refusal> {
    Ok(Json(api.cancel(id, request.reason).await?))
}
