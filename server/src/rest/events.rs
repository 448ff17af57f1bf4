//! `/api/v1/events`

use super::{
    Refusal,
    extract::{Caller, Json as JsonBody, NoQuery, Query},
    page,
};
use axum::{Json, http::StatusCode};
use protocol::{
    Position, Problem, Topic,
    api::{EventPage, Published},
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EventsQuery {
    /// `events`, `workflow_executions`, `execution:ID`, `workflow:PATH` …
    topic: String,
    /// Events after this position; from the beginning when absent.
    #[serde(default)]
    after: Option<u64>,
    /// 1 to 1000; 100 unless told.
    #[serde(default)]
    limit: Option<u32>,
}

/// A topic's history in order. `next` is the `after` of the following page.
#[utoipa::path(get, operation_id = "list_events", path = "/events", tag = "events", params(EventsQuery),
    responses((status = 200, body = EventPage),
        (status = 400, description = "No such topic", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(Caller(api): Caller, Query(query): Query<EventsQuery>) -> Result<Json<EventPage>, Refusal> {
    let topic: Topic =
        query.topic.parse().map_err(|error| Problem::bad_request("unknown_topic", format!("{error}")))?;
    Ok(Json(api.topic_events(topic, Position(query.after.unwrap_or(0)), page::events(query.limit)?).await?))
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
