//! `/api/v1/executions/{id}/events`

use super::{
    Refusal,
    event_page::{self, Next},
    extract::{Asked, Caller, ExecutionPath, Query},
    page::PageQuery,
};
use axum::response::Response;
use protocol::{Problem, api::EventPage, cloud_event::CloudEvent};

/// An execution's history in order. `next` is the `after` of the following page.
#[utoipa::path(get, operation_id = "list_execution_events", path = "/executions/{id}/events", tag = "executions",
    params(("id" = String, Path, description = "The execution's UUID"), PageQuery),
    responses((status = 200, description = "The page; its `next` and `through` are headers as well",
            headers(("Link" = String, description = "The following page, `rel=\"next\"`, if there is one"),
                ("Signalbox-Through" = u64, description = "The page's `through`")),
            content((EventPage = "application/json"), (Vec<CloudEvent> = "application/cloudevents-batch+json"))),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    Caller(api): Caller,
    asked: Asked,
    ExecutionPath(id): ExecutionPath,
    Query(page): Query<PageQuery>,
) -> Result<Response, Refusal> {
    let page = api.execution_events(id, page.after(), page.limit()?).await?;
    Ok(event_page::answer(&page, api.epoch(), Next::After, &asked))
}
