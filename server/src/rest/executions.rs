//! `/api/v1/executions`

use super::{
    Refusal,
    extract::{Caller, ExecutionPath, IdempotencyKey, Json as JsonBody, NoQuery, Query},
    page,
    submitted::Started,
};
use axum::Json;
use protocol::{
    Problem,
    api::{ExecutionDetail, ExecutionPage, ExecutionQuery, SubmitRequest, Submitted},
};

/// Executions of a page, at most.
const MOST: u32 = 500;

/// Starts an execution. The answer comes when its start is durable; it then runs to its end, also over a crash.
#[utoipa::path(
    post, operation_id = "submit_execution", path = "/executions", tag = "executions", request_body = SubmitRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "As `idempotency_key` of the body")),
    responses(
        (status = 201, body = Submitted, headers(("Location" = String, description = "Where the execution is"))),
        (status = 200, description = "The idempotency key was used before, for this execution", body = Submitted),
        (status = 409, description = "The idempotency key was used for something else", body = Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "No such playbook or version", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(super) async fn submit(
    Caller(api): Caller,
    NoQuery: NoQuery,
    key: IdempotencyKey,
    JsonBody(mut request): JsonBody<SubmitRequest>,
) -> Result<Started, Refusal> {
    request.idempotency_key = key.or(request.idempotency_key)?;
    Ok(Started(api.submit(request).await?))
}

/// Executions, newest first.
#[utoipa::path(get, operation_id = "list_executions", path = "/executions", tag = "executions", params(ExecutionQuery),
    responses((status = 200, body = ExecutionPage)))]
pub(super) async fn list(
    Caller(api): Caller,
    Query(query): Query<ExecutionQuery>,
) -> Result<Json<ExecutionPage>, Refusal> {
    query.limit.map_or(Ok(()), |limit| page::within(limit, MOST))?;
    Ok(Json(api.executions(query).await?))
}

/// One execution with input, result and error.
#[utoipa::path(get, operation_id = "get_execution", path = "/executions/{id}", tag = "executions",
    params(("id" = String, Path, description = "The execution's UUID")),
    responses((status = 200, body = ExecutionDetail),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn get(
    Caller(api): Caller,
    ExecutionPath(id): ExecutionPath,
    NoQuery: NoQuery,
) -> Result<Json<ExecutionDetail>, Refusal> {
    Ok(Json(api.execution(id).await?))
}
