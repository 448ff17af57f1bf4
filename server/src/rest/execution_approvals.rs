//! `/api/v1/executions/{id}/approvals/{step}`

use super::{
    Refusal,
    extract::{Caller, NoQuery, OptionalJson, StepPath},
};
use axum::Json;
use protocol::{
    Problem,
    api::{ApprovalAnswer, ExecutionDetail},
};

/// Answers a step that waits for a person. Without a body: approved.
#[utoipa::path(
    post, operation_id = "answer_approval", path = "/executions/{id}/approvals/{step}", tag = "approvals",
    params(("id" = String, Path, description = "The execution's UUID"),
        ("step" = String, Path, description = "The step that waits")),
    request_body(content = Option<ApprovalAnswer>, content_type = "application/json"),
    responses((status = 200, body = ExecutionDetail),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The step does not wait for a person", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "A field does not fit", body = Problem,
            content_type = "application/problem+json"))
)]
pub(super) async fn answer(
    Caller(api): Caller,
    StepPath(id, step): StepPath,
    NoQuery: NoQuery,
    OptionalJson(answer): OptionalJson<ApprovalAnswer>,
) -> Result<Json<ExecutionDetail>, Refusal> {
    Ok(Json(api.approve(id, &step, answer).await?))
}
