//! `/api/v1/executions/{id}/resume`

use super::{
    Refusal,
    extract::{Caller, ExecutionPath, NoQuery},
};
use axum::Json;
use protocol::{Problem, api::ExecutionDetail};

/// Lets a paused execution go on.
#[utoipa::path(
    post, operation_id = "resume_execution", path = "/executions/{id}/resume", tag = "executions",
    params(("id" = String, Path, description = "The execution's UUID")),
    responses((status = 200, body = ExecutionDetail),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It is not paused", body = Problem,
            content_type = "application/problem+json"))
)]
pub(super) async fn resume(
    Caller(api): Caller,
    ExecutionPath(id): ExecutionPath,
    NoQuery: NoQuery,
) -> Result<Json<ExecutionDetail>, Refusal> {
    Ok(Json(api.resume(id).await?))
}
