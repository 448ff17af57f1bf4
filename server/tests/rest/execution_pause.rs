//! `/api/v1/executions/{id}/pause`, `/resume`

use crate::support::{Answer, TestServer, WAITING};
use serde_json::json;

#[tokio::test]
async fn a_paused_execution_goes_on_when_it_is_resumed() {
    let server = TestServer::start().await;
    server.register(WAITING).await;
    let id = server.submit("tests/waiting", json!({})).await;
    let at = |verb: &str| format!("/api/v1/executions/{id}/{verb}");
    let poke = |verb: &str| Answer::of(server.client.post(server.url(&at(verb))));
    poke("resume").await.problem(409, "not_paused");
    server.send_json(&at("pause"), &json!({"reason": "the bank is closed"})).await.expect(200);
    poke("pause").await.problem(409, "already_paused");
    server.send_json(&at("signals"), &json!({"name": "paid", "data": {"amount": 1}})).await.expect(200);
    let waiting = server.read("/api/v1/approvals").await.expect(200);
    assert_eq!(waiting["approvals"], json!([]), "nothing new begins");

    poke("resume").await.expect(200);
    let waiting = server.read("/api/v1/approvals").await.expect(200);
    assert_eq!(waiting["approvals"][0]["execution_id"], id.as_str());
    let history = server.read(&at("events")).await.expect(200);
    let events = history["events"].as_array().expect("events");
    let paused = events.iter().find(|event| event["type"] == "execution_paused").expect("the event");
    assert_eq!(paused["data"]["reason"], "the bank is closed");
    assert!(events.iter().any(|event| event["type"] == "execution_resumed"));
    poke("terminate").await.expect(200);
    poke("pause").await.problem(409, "already_ended");
}
