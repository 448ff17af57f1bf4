//! `/api/v1/executions/{id}/terminate`

use super::{
    Refusal,
    extract::{Caller, ExecutionPath, NoQuery, OptionalJson},
};
use axum::Json;
use protocol::{
    Problem,
    api::{ExecutionDetail, ReasonRequest},
};

/// Ends an execution at once, as cancelled; no step for a cancellation runs.
#[utoipa::path(
    post, operation_id = "terminate_execution", path = "/executions/{id}/terminate", tag = "executions",
    params(("id" = String, Path, description = "The execution's UUID")),
    request_body(content = Option<ReasonRequest>, content_type = "application/json"),
    responses((status = 200, body = ExecutionDetail),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It has ended already", body = Problem,
            content_type = "application/problem+json"))
)]
pub(super) async fn terminate(
    Caller(api): Caller,
    ExecutionPath(id): ExecutionPath,
    NoQuery: NoQuery,
    OptionalJson(request): OptionalJson<ReasonRequest>,
) -> Result<Json<ExecutionDetail>, Refusal> {
    Ok(Json(api.terminate(id, request.reason).await?))
}
