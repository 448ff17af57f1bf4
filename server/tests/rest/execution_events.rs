//! `/api/v1/executions/{id}/events`

use crate::support::{ECHO, TestServer};
use serde_json::{Value, json};

#[tokio::test]
async fn pages_add_up_to_the_whole_history() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    let id = server.submit("tests/echo", json!({})).await;
    server.ended(&id).await;
    let url = format!("/api/v1/executions/{id}/events");

    let whole = server.read(&url).await.expect(200);
    let events = whole["events"].as_array().expect("events").clone();
    let kinds: Vec<_> = events.iter().map(|event| event["type"].as_str().expect("a type")).collect();
    assert_eq!(kinds.first(), Some(&"execution_start"));
    assert_eq!(kinds.last(), Some(&"execution_complete"));
    for kind in ["step_started", "action_started", "action_completed", "step_completed"] {
        assert_eq!(kinds.iter().filter(|seen| **seen == kind).count(), 1, "{kind} in {kinds:?}");
    }
    for event in &events {
        let keys = ["id", "position", "time", "type", "correlation_id", "causation_id", "traceparent", "data"];
        assert!(keys.iter().all(|key| event.get(key).is_some()), "{event}");
        assert_eq!(event["data"]["execution_id"], id);
    }
    assert_eq!(whole["next"], Value::Null);

    let mut paged = Vec::new();
    let mut after = 0;
    loop {
        let page = server.read(&format!("{url}?after={after}&limit=2")).await.expect(200);
        paged.extend(page["events"].as_array().expect("events").clone());
        match page["next"].as_u64() {
            Some(next) => after = next,
            None => break,
        }
    }
    assert_eq!(paged, events);
}

#[tokio::test]
async fn wrong_pages_are_named() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    let id = server.submit("tests/echo", json!({})).await;
    for (query, part) in
        [("after=-1", "`after`"), ("limit=0", "`limit`"), ("limit=1001", "`limit`"), ("page=2", "`page`")]
    {
        let detail =
            server.read(&format!("/api/v1/executions/{id}/events?{query}")).await.problem(400, "query_parameter");
        assert!(detail.contains(part), "{query}: {detail}");
    }
    let nothing = "/api/v1/executions/01998c4e-9c1b-7d2e-8a10-0123456789ab/events";
    server.read(nothing).await.problem(404, "not_found");
}
