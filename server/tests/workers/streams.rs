//! S1's clients and producers, in Rust, against the real server.

use crate::{house::House, support::signal};
use protocol::{
    Event, Timestamp,
    event::{
        AgentState, AgentStatus, MemoryAction, MemoryTimeline, MetricCategory, PerformanceMetric, ResourceUsage,
        Severity, SystemAlert, WorkflowExecution, WorkflowStatus,
    },
};
use serde_json::{Value, json};
use std::{
    future::ready,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::{sync::mpsc, time::timeout};
use worker::{Client, ClientError, Handlers, State, Subscription, Told, process_metrics};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

async fn next(told: &mut Subscription) -> Told {
    timeout(PATIENCE, told.next()).await.expect("told in time").expect("not closed")
}

async fn until<T>(told: &mut Subscription, mut find: impl FnMut(Told) -> Option<T>) -> T {
    loop {
        if let Some(found) = find(next(told).await) {
            return found;
        }
    }
}

async fn connected(told: &mut Subscription) {
    until(told, |told| matches!(told, Told::Connected { .. }).then_some(())).await;
}

/// Why it is not connected, and when the next is tried.
async fn disconnected(told: &mut Subscription) -> Option<Duration> {
    until(told, |told| match told {
        Told::Disconnected { retry, .. } => Some(retry),
        _ => None,
    })
    .await
}

/// Resolves when everything subscribed to at the start is subscribed: what is asked later is answered later.
async fn is_subscribed(client: &Client) {
    client.call("workers", json!({})).await.expect("an answer");
}

fn now() -> Timestamp {
    let ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    Timestamp(i64::try_from(ms).unwrap())
}

#[tokio::test]
async fn a_workflow_client_of_all_is_told_of_each() {
    let house = House::open_with(&[]);
    let (client, mut told) = Client::workflow(&house.served.url, "*").start().unwrap();
    connected(&mut told).await;
    is_subscribed(&client).await;
    client.start_workflow("anything", "exec-1", None).await.unwrap();
    let topics = until(&mut told, |told| match told {
        Told::Event { topics, .. } => Some(topics),
        _ => None,
    });
    assert_eq!(topics.await.iter().map(ToString::to_string).collect::<Vec<_>>(), ["workflow:*"]);
    let nameless = Client::workflow(&house.served.url, "").start().err().unwrap().to_string();
    assert!(nameless.ends_with("(invalid_topic)"), "{nameless}");
}

#[tokio::test]
async fn each_of_the_five_messages_comes_to_its_handler_and_has_a_time() {
    let house = House::open_with(&[]);
    let (client, told) = Client::monitoring(&house.served.url).start().unwrap();
    let (tell, mut heard) = mpsc::unbounded_channel();
    let note = |kind: &'static str| {
        let tell = tell.clone();
        move |message: Value| drop(tell.send((kind, message)))
    };
    let json = |message: &Event| serde_json::to_value(message.data()).unwrap();
    let (connect, event) = (note("connect"), note("event"));
    let (states, metrics, updates) = (note("agent_state"), note("performance_metric"), note("workflow_execution"));
    let (memories, alerts) = (note("memory_timeline"), note("system_alert"));
    let handlers = Handlers::default()
        .on_connect(move |_, limits| connect(json!(limits.topics)))
        .on_event(move |envelope, topics| event(json!([envelope.event.name(), topics])))
        .on_agent_state(move |state, _| states(json(&state.clone().into())))
        .on_performance_metrics(move |batch| batch.iter().for_each(|metric| metrics(json(&metric.clone().into()))))
        .on_workflow_execution(move |update, _| updates(json(&update.clone().into())))
        .on_memory_timeline(move |memory, _| memories(json(&memory.clone().into())))
        .on_system_alert(move |alert, envelope| {
            assert!(envelope.position.is_some());
            alerts(json(&alert.clone().into()));
        });
    let handled = tokio::spawn(told.handle(handlers));
    is_subscribed(&client).await;
    let began = now();
    let usage = ResourceUsage { cpu: 45.2, memory: 67.8, active_connections: 3 };
    let state = AgentState::new("my-agent", AgentStatus::Active, usage);
    client.broadcast_agent_state(state.clone()).await.unwrap();
    let metric = PerformanceMetric::new("mine", 1.5, "ms", MetricCategory::Agent);
    client.broadcast_performance_metric(metric).await.unwrap();
    let update = WorkflowExecution::new("w", "exec-1", "processing", WorkflowStatus::Running);
    client.broadcast_workflow_execution(update).await.unwrap();
    let memory = MemoryTimeline::new("m", MemoryAction::Created, 0.5, vec!["t".to_owned()]);
    client.broadcast_memory_timeline(memory).await.unwrap();
    client.broadcast_system_alert(SystemAlert::new(Severity::Info, "tests", "all is well")).await.unwrap();
    client.broadcast_agent_state(AgentState { timestamp: Timestamp(5), ..state }).await.unwrap();
    let is_stamped = |message: &Value| (began.0..=now().0).contains(&message["timestamp"].as_i64().unwrap());
    let (mut kinds, mut named) = (Vec::new(), Vec::new());
    while kinds.len() < 7 {
        let (kind, message) = timeout(PATIENCE, heard.recv()).await.expect("told in time").unwrap();
        match kind {
            "event" => named.push(message),
            "connect" => assert!(message.as_u64() > Some(0)),
            // The server measures itself too.
            "performance_metric" if message["metricName"] != "mine" => continue,
            "agent_state" if message["timestamp"] == 5 => {}
            _ => assert!(is_stamped(&message), "{kind}: {message}"),
        }
        if kind != "event" {
            kinds.push(kind);
        }
    }
    kinds.sort_unstable();
    let each = ["agent_state", "agent_state", "connect", "memory_timeline", "performance_metric", "system_alert"];
    assert_eq!(kinds, [&each[..], &["workflow_execution"]].concat());
    assert!(named.contains(&json!(["memory_timeline", ["memory_timeline"]])), "{named:?}");
    client.close();
    timeout(PATIENCE, handled).await.expect("it ends with the client").unwrap();
}

#[tokio::test]
async fn a_program_that_was_started_again_tells_of_the_run_it_was_at() {
    let house = House::open_with(&[]);
    let (listener, mut told) = Client::workflow(&house.served.url, "w").start().unwrap();
    is_subscribed(&listener).await;
    let produce = || Client::connect(&house.served.url).start().unwrap();
    let agent = || Some("agent-1".to_owned());
    let (first, _told) = produce();
    first.start_workflow("w", "exec-1", agent()).await.unwrap();
    first.close();
    let (second, _told) = produce();
    second.update_workflow_progress("w", "exec-1", "processing", 50.0, agent()).await.unwrap();
    second.complete_workflow("w", "exec-1", json!({"result": "success"}), agent()).await.unwrap();
    second.complete_workflow("w", "exec-2", None, None).await.unwrap();
    second.fail_workflow("w", "exec-3", "it broke", None).await.unwrap();
    let expected = [
        json!({"executionId": "exec-1", "agentId": "agent-1", "stage": "started", "status": "running", "progress": 0.0}),
        json!({"executionId": "exec-1", "agentId": "agent-1", "stage": "processing", "status": "running",
            "progress": 50.0}),
        json!({"executionId": "exec-1", "agentId": "agent-1", "stage": "completed", "status": "completed",
            "progress": 100.0, "result": {"result": "success"}}),
        json!({"executionId": "exec-2", "stage": "completed", "status": "completed", "progress": 100.0}),
        json!({"executionId": "exec-3", "stage": "failed", "status": "failed", "error": "it broke"}),
    ];
    for mut expected in expected {
        let mut update = until(&mut told, |told| match told {
            Told::Event { event, .. } => serde_json::to_value(event.event.data()).ok(),
            _ => None,
        })
        .await;
        assert!(update["timestamp"].take().as_i64() > Some(0));
        (expected["workflowId"], expected["timestamp"]) = (json!("w"), Value::Null);
        assert_eq!(update, expected);
    }
}

/// A measurement of this name, and what it measured.
async fn measured(told: &mut Subscription, name: &str) -> f64 {
    until(told, |told| {
        let metrics = match told {
            Told::Metrics { metrics, .. } => metrics,
            Told::Event { event, .. } => match event.event {
                Event::PerformanceMetric(metric) => vec![metric],
                _ => return None,
            },
            _ => return None,
        };
        metrics.iter().find(|metric| metric.metric_name == name).map(|metric| metric.value)
    })
    .await
}

#[tokio::test]
async fn while_the_server_is_away_nothing_is_measured_and_nothing_old_is_sent_later() {
    let mut house = House::open_with(&[]);
    let connect = Client::connect(&house.served.url).reconnect(Duration::from_millis(5), Duration::from_millis(20));
    let (client, mut told) = connect.subscribe("performance_metrics").start().unwrap();
    let looks = Arc::new(AtomicU32::new(0));
    let count = looks.clone();
    let measure = move || {
        let number = count.fetch_add(1, Ordering::Relaxed) + 1;
        ready(vec![PerformanceMetric::new("look", f64::from(number), "looks", MetricCategory::System)])
    };
    let streaming = client.stream_metrics(Duration::from_millis(1), measure);
    measured(&mut told, "look").await;
    signal(&house.served.child, "KILL");
    house.served.wait();
    disconnected(&mut told).await;
    let before = looks.load(Ordering::Relaxed);
    // Each after a pause, in which there was time for other looks.
    for _ in 0..3 {
        disconnected(&mut told).await;
    }
    assert_eq!(looks.load(Ordering::Relaxed), before);
    house.open_again_with(&[]);
    let first = measured(&mut told, "look").await;
    assert!(first > f64::from(before), "{first} was measured before look {before}");
    streaming.stop();
    let _streaming = client.stream_metrics(Duration::from_millis(1), process_metrics());
    assert!(measured(&mut told, "process_memory").await > 1_000_000.0);
}

#[tokio::test]
async fn a_client_says_how_it_stands_and_comes_back_as_it_was_told_to() {
    let mut house = House::open_with(&[]);
    let connect = || Client::connect(&house.served.url);
    let longest = Duration::from_millis(40);
    let (client, mut told) = connect().reconnect(Duration::from_millis(20), longest).start().unwrap();
    let (brief, mut ended) = connect().never_reconnect().start().unwrap();
    assert_eq!(client.state(), State::Connecting);
    for (client, told) in [(&client, &mut told), (&brief, &mut ended)] {
        connected(told).await;
        assert_eq!(client.state(), State::Open);
    }
    signal(&house.served.child, "KILL");
    house.served.wait();
    assert_eq!(disconnected(&mut ended).await, None);
    assert_eq!(timeout(PATIENCE, ended.next()).await.expect("in time"), None, "for good");
    assert_eq!(brief.state(), State::Closed);
    assert!(matches!(brief.call("workers", json!({})).await, Err(ClientError::Closed(_))));
    for _ in 0..5 {
        let retry = disconnected(&mut told).await.expect("it comes back");
        assert!(retry > Duration::ZERO && retry <= longest, "{retry:?}");
        assert_ne!(client.state(), State::Open);
    }
    house.open_again_with(&[]);
    connected(&mut told).await;
    assert_eq!(client.state(), State::Open);
    client.close();
    assert_eq!(client.state(), State::Closed);
}
