//! `/api/v1/executions/{id}/terminate`

use crate::support::{Answer, BLOCKING, TestServer};
use serde_json::json;

#[tokio::test]
async fn terminating_ends_it_at_once_and_says_that_it_was_forced() {
    let server = TestServer::start().await;
    server.register(BLOCKING).await;
    let id = server.submit("tests/blocking", json!({})).await;
    server.execution_when(&id, |execution| execution["status"] == "in_progress").await;
    let url = format!("/api/v1/executions/{id}/terminate");
    let ended = server.send_json(&url, &json!({"reason": "it hangs"})).await.expect(200);
    assert_eq!((&ended["status"], &ended["outcome"]), (&json!("completed"), &json!("cancelled")));

    let history = server.read(&format!("/api/v1/executions/{id}/events")).await.expect(200);
    let events = history["events"].as_array().expect("events");
    let cancelled = events.iter().find(|event| event["type"] == "execution_cancelled").expect("the event");
    assert_eq!((&cancelled["data"]["reason"], &cancelled["data"]["forced"]), (&json!("it hangs"), &json!(true)));

    Answer::of(server.client.post(server.url(&url))).await.expect(200);
    let nothing = "/api/v1/executions/01998c4e-9c1b-7d2e-8a10-0123456789ab/terminate";
    server.send_json(nothing, &json!({})).await.problem(404, "not_found");
}
