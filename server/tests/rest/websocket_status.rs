//! `/api/v1/websocket/status`, `/api/v1/websocket/broadcast/test`

use crate::{
    socket::{connect, next, send},
    support::TestServer,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn room<'s>(status: &'s Value, name: &str) -> &'s Value {
    status["rooms"].as_array().unwrap().iter().find(|room| room["room"] == name).unwrap_or(&Value::Null)
}

#[tokio::test]
async fn a_status_counts_connections_rooms_and_what_happens_in_them() {
    let server = TestServer::start().await;
    let status = server.read("/api/v1/websocket/status").await.expect(200);
    assert_eq!((&status["status"], &status["connections"]), (&json!("ok"), &json!(0)));
    assert_eq!(status["buffers"]["size"], 50);
    assert_eq!(status["buffers"]["flush_interval_ms"], 1_000);
    let mut client = connect(&server).await;
    send(&mut client, json!({"type": "subscribe", "topics": ["system_alerts", "agent:a"]})).await;
    next(&mut client).await;
    let alert = json!({"type": "system_alert", "severity": "info", "component": "c", "message": "m"});
    server.send_json("/api/v1/events", &alert).await.expect(201);
    next(&mut client).await;
    let status = server.read("/api/v1/websocket/status").await.expect(200);
    assert_eq!((&status["connections"], &status["subscriptions"]), (&json!(1), &json!(2)));
    let alerts = room(&status, "system_alerts");
    assert_eq!((&alerts["subscribers"], &alerts["events"]), (&json!(1), &json!(1)));
    assert!(alerts["last_event_at"].is_u64());
    assert_eq!(room(&status, "agent:a")["subscribers"], 1);
    assert_eq!(room(&status, "memory_timeline")["subscribers"], 0, "standard rooms are always told of");
    let health = server.read("/api/v1/health").await.expect(200);
    for field in ["connections", "subscriptions", "catch_ups", "gaps", "dropped", "buffered", "flushes"] {
        assert!(health["websocket"][field].is_u64(), "{field} in {health}");
    }
}

#[tokio::test]
async fn a_test_broadcast_reaches_every_room_and_leaves_no_trace() {
    let server = TestServer::start_with(|config| config.local.streams.buffers.flush_interval_ms = 0).await;
    let mut client = connect(&server).await;
    let rooms = ["agent_states", "performance_metrics", "workflow_executions", "memory_timeline", "system_alerts"];
    send(&mut client, json!({"type": "subscribe", "topics": rooms})).await;
    next(&mut client).await;
    let before = server.read("/api/v1/health").await.expect(200)["position"].clone();
    let answer = server.post("/api/v1/websocket/broadcast/test", "", "").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["sent"], 5);
    assert!(rooms.iter().all(|name| room(&answer, name)["subscribers"] == 1), "{answer}");
    let mut seen = BTreeSet::new();
    while seen.len() < 5 {
        let frame = next(&mut client).await;
        if frame["type"] == "performance_metrics" {
            assert_eq!(
                (&frame["topics"], &frame["metrics"][0]["metricName"]),
                (&json!(["performance_metrics"]), &json!("broadcast-test"))
            );
            seen.insert("performance_metrics".to_owned());
            continue;
        }
        assert_eq!(frame["event"]["position"], json!(null));
        seen.insert(frame["topics"][0].as_str().unwrap().to_owned());
    }
    assert_eq!(seen, rooms.map(str::to_owned).into());
    assert_eq!(server.read("/api/v1/health").await.expect(200)["position"], before);
}
