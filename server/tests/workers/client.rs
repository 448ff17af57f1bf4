//! The Rust client against the real server: killed, drained, slow, and with another log.

use crate::{house::House, support::signal};
use protocol::{
    Envelope, Position, Timestamp, Topic, TopicKind,
    event::{AgentState, AgentStatus, MetricCategory, PerformanceMetric, ResourceUsage, WorkflowStatus},
    frame::GapReason,
};
use serde_json::json;
use std::time::Duration;
use tokio::time::timeout;
use worker::{Client, ClientError, Resume, Subscription, Told};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

const ECHO: &str = r#"
  - {step: start, next: say}
  - {step: say, type: noop, data: {n: 1}, next: end}
  - {step: end, result: "{{ say.n }}"}
"#;

/// What one listener was told.
struct Heard {
    told: Subscription,
    events: Vec<Envelope>,
}

impl Heard {
    async fn next(&mut self) -> Told {
        let told = timeout(PATIENCE, self.told.next()).await.expect("told in time").expect("not closed");
        if let Told::Event { event, .. } = &told {
            self.events.push((**event).clone());
        }
        told
    }

    async fn until(&mut self, wanted: impl Fn(&Told) -> bool) -> Told {
        loop {
            let told = self.next().await;
            if wanted(&told) {
                return told;
            }
        }
    }

    async fn end_of(&mut self, id: &str) {
        let is_end = |event: &Envelope| {
            event.event.name() == "execution_complete" && event.correlation_id.as_deref() == Some(id)
        };
        if !self.events.iter().any(is_end) {
            self.until(|told| matches!(told, Told::Event { event, .. } if is_end(event))).await;
        }
    }

    /// Each position once and in order, from the first.
    #[track_caller]
    fn expect_all_from(&self, first: u64) {
        let positions: Vec<u64> = self.events.iter().map(|event| event.position.unwrap().0).collect();
        assert_eq!(positions, (first..first + positions.len() as u64).collect::<Vec<_>>());
    }
}

fn from_the_start() -> Resume {
    Resume { topic: Topic::Events, after: Some(Position(0)), epoch: None }
}

fn listen(house: &House, resume: Resume) -> (Client, Heard) {
    let (client, told) = Client::connect(&house.served.url).resume(resume).start().unwrap();
    (client, Heard { told, events: Vec::new() })
}

#[tokio::test]
async fn killed_and_started_again_the_server_loses_and_repeats_nothing() {
    let mut house = House::open_with(&[]);
    house.register("echo", ECHO).await;
    let (client, mut heard) = listen(&house, from_the_start());
    for _ in 0..2 {
        for _ in 0..20 {
            house.submit("echo", json!({})).await;
        }
        heard.until(|told| matches!(told, Told::Event { .. })).await;
        signal(&house.served.child, "KILL");
        house.served.wait();
        house.open_again_with(&[]);
        let missed = house.submit("echo", json!({})).await;
        heard.until(|told| matches!(told, Told::Disconnected { retry: Some(_), .. })).await;
        heard.end_of(&missed).await;
    }
    signal(&house.served.child, "TERM");
    heard.until(|told| matches!(told, Told::Disconnected { code: Some(4000), retry: Some(_), .. })).await;
    house.served.wait();
    house.open_again_with(&[]);
    let last = house.submit("echo", json!({})).await;
    heard.end_of(&last).await;
    heard.expect_all_from(1);
    assert_eq!(client.snapshot()[0].after, heard.events.last().unwrap().position);

    let kept = client.snapshot().remove(0);
    client.close();
    assert!(matches!(client.call("workers", json!({})).await, Err(ClientError::Closed(_))));
    let missed = house.submit("echo", json!({})).await;
    let first = kept.after.unwrap().0 + 1;
    let (_client, mut heard) = listen(&house, kept);
    heard.end_of(&missed).await;
    heard.expect_all_from(first);
}

#[tokio::test]
async fn all_of_a_kind_come_to_who_has_a_topic_for_all_each_once() {
    let house = House::open_with(&[]);
    house.register("echo", ECHO).await;
    let before = house.submit("echo", json!({})).await;
    let all = |kind| Resume { topic: Topic::All(kind), after: Some(Position(0)), epoch: None };
    let (client, mut heard) = listen(&house, all(TopicKind::Execution));
    client.subscribe(all(TopicKind::Agent)).await.unwrap();
    heard.end_of(&before).await;
    let live = house.submit("echo", json!({})).await;
    heard.end_of(&live).await;
    // Nothing else is in the log so far.
    heard.expect_all_from(1);
    let usage = json!({"cpu": 1, "memory": 2, "activeConnections": 3});
    let state = json!({"agentId": "a", "status": "idle", "resourceUsage": usage, "timestamp": 1});
    client.publish(serde_json::from_value::<AgentState>(state).unwrap()).await.unwrap();
    let told = heard.until(|told| matches!(told, Told::Event { .. })).await;
    let Told::Event { event, topics } = told else { unreachable!() };
    assert_eq!((event.event.name(), topics), ("agent_state", vec![Topic::All(TopicKind::Agent)]));
}

#[tokio::test]
async fn a_thousand_topics_go_on_after_a_break_in_frames_that_the_server_takes() {
    let mut house = House::open_with(&[]);
    let agents: Vec<String> = (0..1_000).map(|number| format!("{}-{number}", "ä".repeat(40))).collect();
    let of = |agent: &String| Resume { topic: Topic::Agent(agent.clone()), after: Some(Position(0)), epoch: None };
    let connect = Client::connect(&house.served.url);
    let (client, told) = agents.iter().fold(connect, |client, agent| client.resume(of(agent))).start().unwrap();
    let mut heard = Heard { told, events: Vec::new() };
    let state = |agent: &str, status: &str| {
        let usage = json!({"cpu": 1, "memory": 2, "activeConnections": 3});
        let state = json!({"agentId": agent, "status": status, "resourceUsage": usage, "timestamp": 1});
        serde_json::from_value::<AgentState>(state).unwrap()
    };
    for status in ["idle", "busy"] {
        for agent in [&agents[0], &agents[999]] {
            client.publish(state(agent, status)).await.unwrap();
        }
        let seen = heard.events.len();
        while heard.events.len() < seen + 2 {
            heard.next().await;
        }
        signal(&house.served.child, "KILL");
        house.served.wait();
        house.open_again_with(&[]);
        heard.until(|told| matches!(told, Told::Disconnected { code: None, retry: Some(_), .. })).await;
        heard.until(|told| matches!(told, Told::Connected { .. })).await;
    }
    heard.expect_all_from(1);
    assert_eq!(client.snapshot().len(), 1_000);
}

#[tokio::test]
async fn a_listener_that_does_not_read_may_call_and_gets_everything_when_it_does() {
    let house = House::open_with(&[]);
    house.register("echo", ECHO).await;
    let (client, mut heard) = listen(&house, from_the_start());
    let mut last = String::new();
    // More events than wait for a reader, between here and there.
    for _ in 0..150 {
        let submitted = client.call("submit", json!({"path": "tests/echo"})).await;
        match submitted {
            Ok(submitted) => last = submitted["execution_id"].as_str().unwrap().to_owned(),
            Err(ClientError::Refused { code, temporary: true, .. }) => assert_eq!(code, "rate_limited"),
            Err(error) => panic!("{error}"),
        }
    }
    heard.end_of(&last).await;
    heard.expect_all_from(1);
}

#[tokio::test]
async fn messages_are_published_and_told_of() {
    let house = House::open_with(&[]);
    let (client, told) = Client::monitoring(&house.served.url).start().unwrap();
    let mut heard = Heard { told, events: Vec::new() };
    client.subscribe(Resume::live(Topic::AgentStates)).await.unwrap();
    let state = AgentState {
        agent_id: "my-agent".to_owned(),
        status: AgentStatus::Active,
        current_task: None,
        resource_usage: ResourceUsage { cpu: 45.2, memory: 67.8, active_connections: 3 },
        metadata: None,
        timestamp: Timestamp(5),
    };
    let published = client.publish(state.clone()).await.unwrap();
    let told = heard.until(|told| matches!(told, Told::Event { .. })).await;
    let Told::Event { event, topics } = told else { unreachable!() };
    assert_eq!((event.position, event.event, topics), (published.position, state.into(), vec![Topic::AgentStates]));

    let workflow = client.start_workflow("user-request-workflow", "exec-123", None).await.unwrap();
    workflow.progress("processing", 50.0).await.unwrap();
    workflow.complete(json!({"result": "success"})).await.unwrap();
    let mut updates = Vec::new();
    while updates.last() != Some(&("completed".to_owned(), WorkflowStatus::Completed)) {
        if let Told::Event { event, .. } = heard.next().await
            && let protocol::Event::WorkflowExecution(update) = event.event
        {
            updates.push((update.stage, update.status));
        }
    }
    assert_eq!(
        updates.iter().map(|(stage, _)| stage.as_str()).collect::<Vec<_>>(),
        ["started", "processing", "completed"]
    );

    let metric = || PerformanceMetric {
        metric_name: "cpu".to_owned(),
        value: 1.0,
        unit: "percent".to_owned(),
        category: MetricCategory::System,
        agent_id: None,
        timestamp: Timestamp(5),
        metadata: None,
    };
    let streaming = client.stream_metrics(Duration::from_millis(20), move || std::future::ready(vec![metric()]));
    let is_metric = |told: &Told| match told {
        Told::Metrics { metrics, .. } => metrics[0] == metric(),
        Told::Event { event, .. } => event.event == metric().into(),
        _ => false,
    };
    heard.until(is_metric).await;
    streaming.stop();
}

#[tokio::test]
async fn another_log_is_told_of_and_what_is_wrong_is_named() {
    let mut house = House::open_with(&[]);
    house.register("echo", ECHO).await;
    let (client, mut heard) = listen(&house, from_the_start());
    let id = house.submit("echo", json!({})).await;
    heard.end_of(&id).await;
    let refused = |error| match error {
        ClientError::Refused { code, temporary: false, .. } => code,
        other => panic!("{other}"),
    };
    assert_eq!(refused(client.call("dance", json!({})).await.unwrap_err()), "not_found");
    assert!(Client::connect(&house.served.url).subscribe("nonsense").start().is_err());
    assert!(Client::connect("box:9999").start().is_err());

    signal(&house.served.child, "TERM");
    house.served.wait();
    std::fs::remove_dir_all(house.folder.path().join("data")).unwrap();
    house.open_again_with(&[]);
    let gap = heard.until(|told| matches!(told, Told::Gap { .. })).await;
    assert!(matches!(gap, Told::Gap { reason: GapReason::Epoch, topic: Topic::Events, .. }), "{gap:?}");

    let elsewhere = format!("{}/elsewhere", house.served.url);
    let (_client, mut told) = Client::connect(elsewhere).start().unwrap();
    assert!(matches!(told.next().await, Some(Told::Disconnected { retry: None, .. })));
    assert_eq!(told.next().await, None);
}
