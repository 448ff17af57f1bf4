//! `/api/v1/events`

use crate::support::{ECHO, TestServer};
use serde_json::{Value, json};

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
    let detail = server.read("/api/v1/events?topic=agnets").await.problem(400, "invalid_topic");
    assert!(detail.contains("`agnets`"), "{detail}");
    for query in ["limit=0", "limit=1001", "since=noon", "newest=true"] {
        server.read(&format!("/api/v1/events?{query}")).await.problem(400, "query_parameter");
    }
}

/// Every page of a query, from its first to its last.
async fn pages(server: &TestServer, query: &str, is_backwards: bool) -> Vec<Value> {
    let (mut all, mut next) = (Vec::new(), None::<u64>);
    loop {
        let from = match (next, is_backwards) {
            (None, _) => String::new(),
            (Some(position), false) => format!("&after={position}"),
            (Some(position), true) => format!("&through={position}"),
        };
        let page = server.read(&format!("/api/v1/events?{query}{from}")).await.expect(200);
        all.extend(page["events"].as_array().expect("events").iter().cloned());
        match page["next"].as_u64() {
            Some(position) => next = Some(position),
            None => return all,
        }
    }
}

#[tokio::test]
async fn a_filter_finds_the_same_from_either_end_and_in_pages_of_any_size() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let id = server.submit("tests/echo", json!({})).await;
        server.ended(&id).await;
        ids.push(id);
    }
    let all = pages(&server, "limit=1000", false).await;
    let time = |index: usize| all[index]["time"].as_i64().expect("a time");
    let (since, until) = (time(all.len() / 3), time(2 * all.len() / 3));
    let at = |index: usize| all[index]["position"].as_u64().expect("a position");
    type Keep<'a> = Box<dyn Fn(&Value) -> bool + 'a>;
    let filters: Vec<(String, Keep<'_>)> = vec![
        ("type=execution_complete".into(), Box::new(|event| event["type"] == "execution_complete")),
        (
            "type=execution_start,%20step_completed".into(),
            Box::new(|event| event["type"] == "execution_start" || event["type"] == "step_completed"),
        ),
        (format!("correlation_id={}", ids[1]), Box::new(|event| event["correlation_id"] == ids[1].as_str())),
        (format!("topic=execution:{}", ids[2]), Box::new(|event| event["data"]["execution_id"] == ids[2].as_str())),
        (
            format!("since={since}&until={until}"),
            Box::new(|event| (since..until).contains(&event["time"].as_i64().expect("a time"))),
        ),
        ("type=nothing_of_ours".into(), Box::new(|_| false)),
    ];
    for (query, keep) in &filters {
        let expected: Vec<&Value> = all.iter().filter(|event| keep(event)).collect();
        for limit in [1, 2, 7, 1_000] {
            let forwards = pages(&server, &format!("{query}&limit={limit}"), false).await;
            assert_eq!(forwards.iter().collect::<Vec<_>>(), expected, "{query}, {limit} at once");
            let mut backwards = pages(&server, &format!("{query}&limit={limit}&newest_first=true"), true).await;
            backwards.reverse();
            assert_eq!(backwards.iter().collect::<Vec<_>>(), expected, "{query} backwards, {limit} at once");
        }
    }
    let window = server.read(&format!("/api/v1/events?after={}&through={}", at(2), at(5))).await.expect(200);
    assert_eq!(window["events"].as_array().expect("events"), &all[3..=5]);
    assert_eq!(window["next"], json!(null));
}

#[tokio::test]
async fn one_look_at_a_long_log_is_bounded_and_the_next_goes_on() {
    // The log is made long faster than one publisher may.
    let server = TestServer::start_with(|config| config.local.streams.publishing.messages_per_s = None).await;
    server.register(ECHO).await;
    let id = server.submit("tests/echo", json!({})).await;
    server.ended(&id).await;
    let noise: Vec<Value> = (0..1_000)
        .map(|n| json!({"type": "memory_timeline", "memoryId": format!("m-{n}"), "action": "accessed", "importance": 0.1, "tags": []}))
        .collect();
    for _ in 0..21 {
        server.send_json("/api/v1/events", &json!(noise)).await.expect(201);
    }
    let query = "type=execution_complete&newest_first=true&limit=1";
    let first = server.read(&format!("/api/v1/events?{query}")).await.expect(200);
    assert_eq!(first["events"], json!([]), "it is further back than one look");
    assert!(first["next"].as_u64().is_some_and(|next| next > 0), "{first}");
    let found = pages(&server, query, true).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["data"]["execution_id"], id.as_str());
    // Forwards likewise, from behind it.
    let after = found[0]["position"].as_u64().expect("a position");
    let rest = server.read(&format!("/api/v1/events?type=execution_complete&after={after}")).await.expect(200);
    assert_eq!(rest["events"], json!([]));
    assert!(rest["next"].as_u64().is_some_and(|next| next > after + 10_000), "{rest}");
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
