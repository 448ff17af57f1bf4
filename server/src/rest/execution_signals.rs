//! `/api/v1/executions/{id}/signals`

use super::{
    Refusal,
    extract::{Caller, ExecutionPath, Json as JsonBody, NoQuery},
};
use axum::Json;
use protocol::{
    Problem,
    api::{ExecutionDetail, SignalRequest},
};

/// Sends a signal. One that comes before a step waits for it is kept until one does.
#[utoipa::path(
    post, operation_id = "signal_execution", path = "/executions/{id}/signals", tag = "executions",
    params(("id" = String, Path, description = "The execution's UUID")),
    request_body = SignalRequest,
    responses((status = 200, body = ExecutionDetail),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It has ended", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "It knows no such signal, or the data does not fit", body = Problem,
            content_type = "application/problem+json"))
)]
pub(super) async fn signal(
    Caller(api): Caller,
    ExecutionPath(id): ExecutionPath,
    NoQuery: NoQuery,
    JsonBody(request): JsonBody<SignalRequest>,
) -> Result<Json<ExecutionDetail>, Refusal> {
    Ok(Json(api.signal(id, request).await?))
}
