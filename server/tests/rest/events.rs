//! `/api/v1/events`

use crate::support::{ECHO, TestServer};
use serde_json::json;

#[tokio::test]
async fn every_topic_has_its_history() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    let id = server.submit("tests/echo", json!({})).await;
    server.ended(&id).await;

    let all = server.read("/api/v1/events?topic=events&limit=1000").await.expect(200);
    let positions: Vec<_> =
        all["events"].as_array().expect("events").iter().map(|event| event["position"].as_u64().unwrap()).collect();
    assert_eq!(positions, (1..=positions.len() as u64).collect::<Vec<_>>(), "no gaps");

    let own = server.read(&format!("/api/v1/events?topic=execution:{id}")).await.expect(200);
    let history = server.read(&format!("/api/v1/executions/{id}/events")).await.expect(200);
    assert_eq!(own["events"], history["events"]);

    let workflow = server.read("/api/v1/events?topic=workflow:tests/echo").await.expect(200);
    let events = workflow["events"].as_array().expect("events");
    assert!(!events.is_empty() && events.iter().all(|event| event["type"] == "workflow_execution"), "{workflow}");
    assert_eq!(events.last().expect("events")["data"]["status"], "completed");

    let none = server.read(&format!("/api/v1/events?topic=events&after={}", positions.len())).await.expect(200);
    assert_eq!((&none["events"], &none["next"]), (&json!([]), &json!(null)));
}

#[tokio::test]
async fn topics_that_are_none_are_named() {
    let server = TestServer::start().await;
    let detail = server.read("/api/v1/events?topic=agnets").await.problem(400, "unknown_topic");
    assert!(detail.contains("`agnets`"), "{detail}");
    let detail = server.read("/api/v1/events").await.problem(400, "query_parameter");
    assert!(detail.contains("`topic`"), "{detail}");
}
