//! `/api/v1/playbooks/validate`

use crate::support::{ECHO, TestServer};
use serde_json::json;

const URL: &str = "/api/v1/playbooks/validate";

#[tokio::test]
async fn it_answers_and_stores_nothing() {
    let server = TestServer::start().await;
    let before = server.read("/api/v1/playbooks").await.expect(200);
    assert_eq!(server.send_yaml(URL, ECHO).await.expect(200)["valid"], json!(true));
    assert_eq!(server.read("/api/v1/playbooks").await.expect(200), before);
}

#[tokio::test]
async fn several_mistakes_are_told_at_once() {
    let server = TestServer::start().await;
    let source = "apiVersion: noetl.io/v1\nkind: Playbook\nmetadata: {name: a, path: a}\nworkflow:\n  \
                  - {step: start, next: nowhere}\n  - {step: b, type: http, next: neither}\n";
    let validation = server.send_yaml(URL, source).await.expect(200);
    assert_eq!(validation["valid"], json!(false));
    let lines: Vec<_> = validation["diagnostics"]
        .as_array()
        .expect("diagnostics")
        .iter()
        .filter(|diagnostic| diagnostic["level"] == "error")
        .map(|diagnostic| diagnostic["line"].as_u64().expect("a line"))
        .collect();
    assert!(lines.contains(&5) && lines.contains(&6), "{validation}");
}

#[tokio::test]
async fn an_unknown_type_is_told() {
    let server = TestServer::start().await;
    let source = "apiVersion: noetl.io/v1\nkind: Playbook\nmetadata: {name: a, path: a}\nworkflow:\n  \
                  - {step: start, next: b}\n  - {step: b, type: pyhton}\n";
    let validation = server.send_yaml(URL, source).await.expect(200);
    let told = validation["diagnostics"].as_array().expect("diagnostics").iter().any(|diagnostic| {
        diagnostic["line"] == 6 && diagnostic["message"].as_str().is_some_and(|message| message.contains("pyhton"))
    });
    assert!(told, "{validation}");
}
