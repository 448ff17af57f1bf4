//! `/api/v1/executions/{id}/cancel`

use crate::support::{Answer, BLOCKING, ECHO, TestServer};
use serde_json::json;

#[tokio::test]
async fn cancelling_ends_it_with_the_reason() {
    let server = TestServer::start().await;
    server.register(BLOCKING).await;
    let id = server.submit("tests/blocking", json!({})).await;
    server.execution_when(&id, |execution| execution["status"] == "in_progress").await;
    let url = format!("/api/v1/executions/{id}/cancel");
    server.send_json(&url, &json!({"reason": "no longer wanted"})).await.expect(200);
    let ended = server.ended(&id).await;
    assert_eq!(ended["outcome"], "cancelled");

    let history = server.read(&format!("/api/v1/executions/{id}/events")).await.expect(200);
    let events = history["events"].as_array().expect("events");
    let cancelled = events.iter().find(|event| event["type"] == "execution_cancelled").expect("the event");
    assert_eq!(cancelled["data"]["reason"], "no longer wanted");
    assert_eq!(events.last().expect("events")["data"]["outcome"], "cancelled");
}

#[tokio::test]
async fn the_body_may_be_left_out() {
    let server = TestServer::start().await;
    server.register(BLOCKING).await;
    let id = server.submit("tests/blocking", json!({})).await;
    Answer::of(server.client.post(server.url(&format!("/api/v1/executions/{id}/cancel")))).await.expect(200);
    assert_eq!(server.ended(&id).await["outcome"], "cancelled");
}

#[tokio::test]
async fn what_has_ended_stays_as_it_is() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    let id = server.submit("tests/echo", json!({})).await;
    server.ended(&id).await;
    let url = format!("/api/v1/executions/{id}/cancel");
    let answer = server.send_json(&url, &json!({})).await;
    assert_eq!(answer.status, 409, "{}", answer.text());
    assert_eq!(server.ended(&id).await["outcome"], "completed");
    server.send_json(&url, &json!({"raeson": "x"})).await.problem(422, "json_shape");
    let nothing = "/api/v1/executions/01998c4e-9c1b-7d2e-8a10-0123456789ab/cancel";
    server.send_json(nothing, &json!({})).await.problem(404, "not_found");
}
