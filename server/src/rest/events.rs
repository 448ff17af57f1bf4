//! `/api/v1/events`

use super::{
    Refusal,
    event_page::{self, Next},
    extract::{Asked, Caller, Json as JsonBody, NoQuery, Query},
};
use axum::{Json, http::StatusCode, response::Response};
use protocol::{
    Problem,
    api::{EventPage, EventQuery, Published},
    cloud_event::CloudEvent,
};
use serde_json::Value;

/// A part of a topic's history. `next` is the `after` of the following page; backwards, its `through`.
#[utoipa::path(get, operation_id = "list_events", path = "/events", tag = "events", params(EventQuery),
    responses((status = 200, description = "The page; its `next` and `through` are headers as well",
            headers(("Link" = String, description = "The following page, `rel=\"next\"`, if there is one"),
                ("Signalbox-Through" = u64, description = "The page's `through`")),
            content((EventPage = "application/json"), (Vec<CloudEvent> = "application/cloudevents-batch+json"))),
        (status = 400, description = "No such topic", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    Caller(api): Caller,
    asked: Asked,
    Query(query): Query<EventQuery>,
) -> Result<Response, Refusal> {
    let next = if query.newest_first { Next::Through } else { Next::After };
    Ok(event_page::answer(&api.events(query).await?, api.epoch(), next, &asked))
}

/// Publishes S1's messages: one, or a list of up to 1,000, all or none. Answers when those that are kept are durable.
#[utoipa::path(post, operation_id = "publish_events", path = "/events", tag = "events",
    request_body(content = Object, description = "A message with its `type`, or a list of them"),
    responses((status = 201, body = Published),
        (status = 422, description = "No such message; the field is named", body = Problem,
            content_type = "application/problem+json"),
        (status = 429, description = "Too many a second", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn publish(
    Caller(api): Caller,
    NoQuery: NoQuery,
    JsonBody(body): JsonBody<Value>,
) -> Result<(StatusCode, Json<Published>), Refusal> {
    let messages = match body {
        Value::Array(messages) => messages,
        message => vec![message],
    };
    Ok((StatusCode::CREATED, Json(api.publish(messages).await?)))
}
