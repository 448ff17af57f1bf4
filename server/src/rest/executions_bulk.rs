//! `/api/v1/executions/bulk`

use super::{
    Refusal,
    extract::{Caller, Json as JsonBody, NoQuery},
};
use axum::Json;
use protocol::{
    Problem,
    api::{BulkAnswer, BulkRequest},
};

/// Does one thing to all executions that a filter finds, or that are named. What goes wrong with one is told of that one.
#[utoipa::path(
    post, operation_id = "bulk_executions", path = "/executions/bulk", tag = "executions", request_body = BulkRequest,
    responses((status = 200, body = BulkAnswer),
        (status = 400, description = "The filter says nothing, or something wrong; or both or neither of `filter` and `executions`", body = Problem,
            content_type = "application/problem+json"))
)]
pub(super) async fn bulk(
    Caller(api): Caller,
    NoQuery: NoQuery,
    JsonBody(request): JsonBody<BulkRequest>,
) -> Result<Json<BulkAnswer>, Refusal> {
    Ok(Json(api.bulk(request).await?))
}
