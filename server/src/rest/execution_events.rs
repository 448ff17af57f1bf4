//! `/api/v1/executions/{id}/events`

use super::{
    Refusal,
    extract::{Caller, ExecutionPath, Query},
    page::PageQuery,
};
use axum::Json;
use protocol::{Problem, api::EventPage};

/// An execution's history in order. `next` is the `after` of the following page.
#[utoipa::path(get, operation_id = "list_execution_events", path = "/executions/{id}/events", tag = "executions",
    params(("id" = String, Path, description = "The execution's UUID"), PageQuery),
    responses((status = 200, body = EventPage),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    Caller(api): Caller,
    ExecutionPath(id): ExecutionPath,
    Query(page): Query<PageQuery>,
) -> Result<Json<EventPage>, Refusal> {
    Ok(Json(api.execution_events(id, page.after(), page.limit()?).await?))
}
