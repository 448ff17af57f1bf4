//! `/api/v1/approvals`, `/api/v1/executions/{id}/approvals/{step}`

use crate::support::{Answer, TestServer, WAITING};
use serde_json::{Value, json};

/// An execution that waits for a person.
async fn asking(server: &TestServer, amount: u32) -> String {
    let id = server.submit("tests/waiting", json!({})).await;
    let signal = json!({"name": "paid", "data": {"amount": amount}});
    server.send_json(&format!("/api/v1/executions/{id}/signals"), &signal).await.expect(200);
    id
}

async fn list(server: &TestServer, query: &str) -> Vec<Value> {
    let page = server.read(&format!("/api/v1/approvals{query}")).await.expect(200);
    page["approvals"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn who_waits_is_listed_until_somebody_answers() {
    let server = TestServer::start().await;
    server.register(WAITING).await;
    let (one, two) = (asking(&server, 1).await, asking(&server, 2).await);
    let waiting = list(&server, "").await;
    let ids: Vec<&Value> = waiting.iter().map(|row| &row["execution_id"]).collect();
    assert_eq!(ids, [one.as_str(), two.as_str()]);
    let row = &waiting[0];
    assert_eq!((&row["step"], &row["visit"]), (&json!("ask"), &json!(1)));
    assert_eq!((&row["path"], &row["message"]), (&json!("tests/waiting"), &json!("Refund 1?")));
    assert_eq!(row["form"][0]["name"], "amount", "{row}");
    assert_eq!(list(&server, &format!("?execution_id={two}")).await.len(), 1);
    assert!(list(&server, "?path=tests/other").await.is_empty());

    let page = server.read("/api/v1/approvals?limit=1").await.expect(200);
    let cursor = page["next"].as_str().expect("more follows");
    assert_eq!(list(&server, &format!("?limit=1&cursor={cursor}")).await[0]["execution_id"], two.as_str());
    server.read("/api/v1/approvals?cursor=x").await.problem(400, "filter_invalid");

    let url = format!("/api/v1/executions/{one}/approvals/ask");
    let detail = server.send_json(&url, &json!({"data": {"amount": "much"}})).await.problem(422, "form_invalid");
    assert!(detail.contains("amount"), "{detail}");
    server.send_json(&url, &json!({"data": {"amount": 5}, "visit": 2})).await.problem(409, "not_waiting");
    server.send_json(&url, &json!({"data": {"amount": 5}, "visit": 1})).await.expect(200);
    assert_eq!(server.ended(&one).await["result"], json!({"approved": true, "amount": 5, "by": "api"}));
    server.send_json(&url, &json!({"data": {"amount": 5}})).await.problem(409, "already_ended");

    let other = format!("/api/v1/executions/{two}/approvals/ask");
    server.send_json(&other, &json!({"data": {"approved": false}})).await.expect(200);
    assert_eq!(server.ended(&two).await["result"]["approved"], false);
    assert!(list(&server, "").await.is_empty());
}

#[tokio::test]
async fn a_step_that_does_not_ask_is_named() {
    let server = TestServer::start().await;
    server.register(WAITING).await;
    let id = server.submit("tests/waiting", json!({})).await;
    let url = |step: &str| format!("/api/v1/executions/{id}/approvals/{step}");
    let detail = server.send_json(&url("ask"), &json!({})).await.problem(409, "not_waiting");
    assert!(detail.contains("`ask`"), "{detail}");
    server.send_json(&url("nothing"), &json!({})).await.problem(422, "unknown_signal");
    Answer::of(server.client.post(server.url(&url("ask")))).await.problem(409, "not_waiting");
}
