//! `/api/v1/executions/{id}/signals`

use crate::support::{ECHO, TestServer, WAITING};
use serde_json::json;

#[tokio::test]
async fn a_signal_ends_the_wait_for_it() {
    let server = TestServer::start().await;
    server.register(WAITING).await;
    let id = server.submit("tests/waiting", json!({})).await;
    let url = format!("/api/v1/executions/{id}/signals");
    let detail = server.send_json(&url, &json!({"name": "payed"})).await.problem(422, "unknown_signal");
    assert!(detail.contains("`paid`"), "{detail}");
    server.send_json(&url, &json!({"name": "paid", "data": {"amount": 7}})).await.expect(200);
    let history = server.read(&format!("/api/v1/executions/{id}/events")).await.expect(200);
    let events = history["events"].as_array().expect("events");
    let received = events.iter().find(|event| event["type"] == "signal_received").expect("the event");
    assert_eq!((&received["data"]["data"], &received["data"]["by"]), (&json!({"amount": 7}), &json!("api")));
    server.send_json(&url, &json!({"data": 1})).await.problem(422, "json_shape");
}

#[tokio::test]
async fn what_waits_for_nothing_takes_no_signal() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    let id = server.submit("tests/echo", json!({})).await;
    server.ended(&id).await;
    let url = format!("/api/v1/executions/{id}/signals");
    server.send_json(&url, &json!({"name": "paid"})).await.problem(409, "already_ended");
    let nothing = "/api/v1/executions/01998c4e-9c1b-7d2e-8a10-0123456789ab/signals";
    server.send_json(nothing, &json!({"name": "paid"})).await.problem(404, "not_found");
}
