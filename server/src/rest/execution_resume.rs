//! `/api/v1/executions/{id}/resume`

use super::{
    Refusal,
    extract::{ExecutionPath, NoQuery},
};
use axum::{Json, extract::State};
use protocol::{Problem, api::ExecutionDetail};
use runtime::Api;

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
    State(api): State<Api>,
    ExecutionPath(id): ExecutionPath,
    NoQuery: NoQuery,
) -> Result<Json<ExecutionDetail>, Refusal> {
    Ok(Json(api.resume(id, "api").await?))
}
