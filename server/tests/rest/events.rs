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

/// S1's five, as a program sends them.
fn messages() -> [serde_json::Value; 5] {
    [
        json!({"type": "agent_state", "agentId": "my-agent", "status": "active",
            "currentTask": "Processing user request",
            "resourceUsage": {"cpu": 45.2, "memory": 67.8, "activeConnections": 3}}),
        json!({"type": "workflow_execution", "workflowId": "user-request-workflow", "executionId": "exec-123",
            "stage": "processing", "status": "running", "progress": 50.0, "agentId": "my-agent"}),
        json!({"type": "memory_timeline", "memoryId": "m-1", "action": "created", "importance": 0.5, "tags": ["a"]}),
        json!({"type": "performance_metric", "metricName": "latency", "value": 1.5, "unit": "ms",
            "category": "network"}),
        json!({"type": "system_alert", "severity": "warning", "component": "db", "message": "slow"}),
    ]
}

#[tokio::test]
async fn messages_are_published_and_found_under_their_topics() {
    let server = TestServer::start().await;
    let before = server.read("/api/v1/health").await.expect(200)["position"].as_u64().unwrap();
    let answer = server.send_json("/api/v1/events", &json!(messages())).await.expect(201);
    assert_eq!(answer, json!({"published": 5, "position": before + 4}), "all but the metric are kept");
    for (topic, expected) in [
        ("agent_states", vec![0]),
        ("workflow_executions", vec![1]),
        ("workflow:user-request-workflow", vec![1]),
        ("memory_timeline", vec![2]),
        ("system_alerts", vec![4]),
        ("agent:my-agent", vec![0, 1]),
        ("events", vec![0, 1, 2, 4]),
    ] {
        let page = server.read(&format!("/api/v1/events?topic={topic}&after={before}")).await.expect(200);
        let events = page["events"].as_array().expect("events");
        assert_eq!(events.len(), expected.len(), "{topic}: {page}");
        for (event, index) in events.iter().zip(expected) {
            let mut sent = messages()[index].clone();
            sent["timestamp"] = event["data"]["timestamp"].clone();
            assert!(sent["timestamp"].as_i64() <= event["time"].as_i64(), "when it arrived, unless told");
            let kind = sent.as_object_mut().unwrap().remove("type").unwrap();
            assert_eq!((&event["type"], &event["data"]), (&kind, &sent), "{topic}");
        }
    }
    // One alone, without a list around it.
    let answer = server.send_json("/api/v1/events", &messages()[3]).await.expect(201);
    assert_eq!(answer, json!({"published": 1, "position": null}));
}

#[tokio::test]
async fn a_batch_with_a_mistake_publishes_nothing() {
    let server = TestServer::start().await;
    let before = server.read("/api/v1/health").await.expect(200)["position"].clone();
    let mut wrong = messages();
    wrong[2]["tags"] = json!("a");
    let detail = server.send_json("/api/v1/events", &json!(wrong)).await.problem(422, "message_invalid");
    assert!(detail.contains("message 2: field `tags`"), "{detail}");
    let many = vec![messages()[4].clone(); 1_001];
    server.send_json("/api/v1/events", &json!(many)).await.problem(422, "too_many_messages");
    let end = json!({"type": "execution_complete", "execution_id": "01998c4e-9c1b-7d2e-8a10-0123456789ab"});
    server.send_json("/api/v1/events", &end).await.problem(422, "message_invalid");
    assert_eq!(server.read("/api/v1/health").await.expect(200)["position"], before);
    let answer = server.send_json("/api/v1/events", &json!(vec![messages()[4].clone(); 1_000])).await.expect(201);
    assert_eq!(answer["published"], 1_000);
}

#[tokio::test]
async fn an_agent_that_goes_on_as_before_leaves_no_trace_in_the_log_but_is_listed() {
    let server = TestServer::start().await;
    let mut state = messages()[0].clone();
    let first = server.send_json("/api/v1/events", &state).await.expect(201)["position"].clone();
    assert!(first.is_u64());
    state["resourceUsage"]["cpu"] = json!(99.5);
    assert_eq!(server.send_json("/api/v1/events", &state).await.expect(201)["position"], json!(null));
    let listed = server.read("/api/v1/agents").await.expect(200);
    assert_eq!(listed["agents"][0]["resourceUsage"]["cpu"], 99.5, "{listed}");
    state["currentTask"] = json!("Another");
    let changed = server.send_json("/api/v1/events", &state).await.expect(201)["position"].clone();
    assert_eq!(changed.as_u64(), first.as_u64().map(|position| position + 1));

    // A server that is started anew knows how it was.
    let server = TestServer::start_in(server.stop().await).await;
    assert_eq!(server.send_json("/api/v1/events", &state).await.expect(201)["position"], json!(null));
    state["status"] = json!("idle");
    assert!(server.send_json("/api/v1/events", &state).await.expect(201)["position"].is_u64());
    assert_eq!(server.read("/api/v1/agents").await.expect(200)["agents"][0]["status"], "idle");
}

#[tokio::test]
async fn a_publisher_has_its_measure() {
    let server = TestServer::start_with(|config| config.local.streams.publishing.messages_per_s = Some(100)).await;
    let batch = json!(vec![messages()[3].clone(); 200]);
    server.send_json("/api/v1/events", &batch).await.expect(201);
    let detail = server.send_json("/api/v1/events", &batch).await.problem(429, "rate_limited");
    assert!(detail.contains("100 messages a second"), "{detail}");
}
