//! `/api/v1/executions/{id}/rerun`

use super::{
    Refusal,
    extract::{Caller, ExecutionPath, IdempotencyKey, NoQuery, OptionalJson},
    submitted::Started,
};
use protocol::{
    Problem,
    api::{RerunRequest, Submitted},
};

/// Runs an execution again, as a new one: from where it stopped, from a step, or with another input.
#[utoipa::path(
    post, operation_id = "rerun_execution", path = "/executions/{id}/rerun", tag = "executions",
    params(("id" = String, Path, description = "The execution's UUID"),
        ("Idempotency-Key" = Option<String>, Header, description = "As `idempotency_key` of the body")),
    request_body(content = Option<RerunRequest>, content_type = "application/json"),
    responses((status = 201, body = Submitted),
        (status = 200, description = "The idempotency key was used before", body = Submitted),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It has not ended", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "It never came to that step", body = Problem,
            content_type = "application/problem+json"))
)]
pub(super) async fn rerun(
    Caller(api): Caller,
    ExecutionPath(id): ExecutionPath,
    NoQuery: NoQuery,
    key: IdempotencyKey,
    OptionalJson(mut request): OptionalJson<RerunRequest>,
) -> Result<Started, Refusal> {
    request.idempotency_key = key.or(request.idempotency_key)?;
    Ok(Started(api.rerun(id, request).await?))
}
