//! Replay: what a topic's history shows is what its subscribers saw live.

use super::{
    Backend,
    sample::{Run, T0, as_read, everything, history, loose, note},
};
use protocol::{
    Envelope, Event, ExecutionId, Outcome, Position, Timestamp, Topic,
    event::{
        AgentState, AgentStatus, MemoryAction, MemoryTimeline, MetricCategory, PerformanceMetric, ResourceUsage,
        Severity, SystemAlert, WorkflowExecution, WorkflowStatus,
    },
    projection,
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// For every topic any event has, and some that none has: pages of any size, from any position, put together
/// equal the events and projections seen under that topic, and the page before the last never claims the end.
pub async fn every_topic_replays_what_was_seen_live(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut first = Run::of("team/a");
    let mut second = Run::of("team/a:b");
    let mut third = Run::of("team/a");
    for commit in [
        first.start(),
        loose(T0, vec![agent("x"), memory(Some("x")), memory(None), alert()]),
        second.start(),
        first.step(),
        loose(T0, vec![note(json!({"agentId": "x"})), agent("y"), agent("team/a")]),
        third.queue(),
        second.step(),
        first.end(Outcome::Failed),
        loose(T0, vec![alert(), memory(Some("y"))]),
        // Another program's, with ids that look like ours and agents that are named otherwise too.
        loose(
            T0,
            vec![
                workflow("team/a", &first.id.to_string(), Some("x")),
                workflow("theirs", "exec-123", None),
                workflow("x", "exec-\u{0}124", Some("theirs")),
                metric(Some("x")),
                metric(None),
            ],
        ),
        second.step(),
        second.end(Outcome::Cancelled),
    ] {
        store.commit(commit).await.expect("a commit");
    }
    let events = everything(&*store).await;
    let mut seen: BTreeMap<Topic, Vec<Envelope>> = BTreeMap::new();
    for name in ["components", "thread:1", "thread:*", "session:1", "agent:nobody", "workflow:none"] {
        seen.insert(name.parse().expect("a topic"), Vec::new());
    }
    seen.insert(Topic::Execution(ExecutionId(super::sample::id())), Vec::new());
    for event in &events {
        for shown in [Some(event.clone()), projection::workflow_execution(event)].into_iter().flatten() {
            for topic in Topic::of(&shown) {
                seen.entry(topic).or_default().push(shown.clone());
            }
        }
    }
    let kinds: BTreeSet<&str> = events.iter().map(|envelope| envelope.event.name()).collect();
    for kind in ["agent_state", "memory_timeline", "system_alert", "workflow_execution", "performance_metric", "note"] {
        assert!(kinds.contains(kind), "no {kind} was tried");
    }
    for topic in [
        "agent:x",
        "agent:theirs",
        "agent:*",
        "workflow:theirs",
        "workflow:x",
        "workflow:*",
        "execution:*",
        "performance_metrics",
    ] {
        assert!(!seen[&topic.parse().expect("a topic")].is_empty(), "{topic}");
    }
    assert_eq!(seen[&Topic::Events], events);
    for (kind, ones, none) in [
        ("agent:*", "agent:", vec!["memory_timeline", "performance_metric", "workflow_execution", "note"]),
        ("workflow:*", "workflow:", vec!["agent_state"]),
        ("execution:*", "execution:", vec!["agent_state", "note"]),
    ] {
        let all: Topic = kind.parse().expect("a topic");
        let mut of_each: Vec<&Envelope> = seen
            .iter()
            .filter(|(topic, _)| topic.to_string().starts_with(ones) && **topic != all)
            .flat_map(|(_, seen)| seen)
            .collect();
        of_each.sort_by_key(|event| event.position);
        assert_eq!(seen[&all].iter().collect::<Vec<_>>(), of_each, "{kind} is what each of its kind has, once");
        for name in none {
            let is_left_out = |event: &&Envelope| event.event.name() == name && !seen[&all].contains(event);
            assert!(events.iter().any(|event| is_left_out(&event)), "{kind} has every {name}");
        }
    }
    let head = events.len() as u64;
    for (topic, expected) in &seen {
        for limit in [1, 2, 3, 7, 1_000] {
            assert_eq!(&history(&*store, topic, Position(0), limit).await, expected, "{topic} by {limit}");
        }
        for after in 0..=head {
            let rest: Vec<_> = expected.iter().filter(|e| e.position > Some(Position(after))).cloned().collect();
            assert_eq!(history(&*store, topic, Position(after), 5).await, rest, "{topic} after {after}");
            let page = store.log(topic, Position(after), 2).await.expect("a page");
            assert_eq!(page.at_head, rest.len() <= 2, "{topic} after {after}");
        }
        let page = store.log(topic, Position(head + 10), 5).await.expect("a page after the head");
        assert_eq!((page.events.len(), page.through, page.at_head), (0, Position(head), true), "{topic}");
    }
}

/// Read page by page, from its own positions and from those of others.
pub async fn pages_of_an_execution_join_without_a_seam(backend: &dyn Backend) {
    let store = backend.open().await;
    let (mut run, mut other) = (Run::of("samples/one"), Run::of("samples/other"));
    let mut expected = Vec::new();
    for round in 0..20 {
        let commit = if round == 0 { other.start() } else { other.step() };
        store.commit(commit).await.expect("a commit");
        let commit = if round == 0 { run.start() } else { run.step() };
        expected.extend(as_read(&store.commit(commit).await.expect("a commit").events));
    }
    for limit in [1, 3, 4, 1_000] {
        let mut read: Vec<Envelope> = Vec::new();
        loop {
            let after = read.last().and_then(|event| event.position).unwrap_or_default();
            let page = store.execution_events(run.id, after, limit).await.expect("a page");
            assert!(page.len() <= limit as usize);
            if page.is_empty() {
                break;
            }
            read.extend(page);
        }
        assert_eq!(read, expected, "by {limit}");
    }
    for after in 0..=store.head().await.expect("the head").0 {
        let rest: Vec<_> = expected.iter().filter(|event| event.position > Some(Position(after))).cloned().collect();
        let page = store.execution_events(run.id, Position(after), 1_000).await.expect("a page");
        assert_eq!(page, rest, "after {after}");
    }
}

/// Memory is bounded by bytes, not by the number asked for; nothing is skipped.
pub async fn large_events_end_a_page_early(backend: &dyn Backend) {
    let store = backend.open().await;
    for n in 0..6 {
        let text = "x".repeat(3_000_000);
        store.commit(loose(T0, vec![note(json!({"n": n, "text": text}))])).await.expect("a commit");
    }
    let page = store.log(&Topic::Events, Position(0), 100).await.expect("a page");
    assert!((1..6).contains(&page.events.len()) && !page.at_head, "{} events at once", page.events.len());
    assert_eq!(history(&*store, &Topic::Events, Position(0), 100).await.len(), 6);

    // Of one execution, whose values are as large as an event keeps them itself.
    let mut run = Run::of("samples/one");
    let mut expected = Vec::new();
    for round in 0..30 {
        let mut commit = if round == 0 { run.start() } else { run.step() };
        for new in &mut commit.events {
            if let Event::ActionCompleted(completed) = &mut new.event {
                completed.result = json!("x".repeat(200_000)).into();
            }
        }
        expected.extend(as_read(&store.commit(commit).await.expect("a commit").events));
    }
    let (mut read, mut pages): (Vec<Envelope>, _) = (Vec::new(), 0);
    loop {
        let after = read.last().and_then(|event| event.position).unwrap_or_default();
        let page = store.execution_events(run.id, after, 1_000).await.expect("a page");
        if page.is_empty() {
            break;
        }
        pages += 1;
        assert!(page.len() < 100, "{} events at once", page.len());
        read.extend(page);
    }
    assert!(pages > 1 && read == expected, "{} of {} events in {pages} pages", read.len(), expected.len());
}

/// The search for a rare topic is cut into pages, of which some may be empty, and finds all.
pub async fn rare_workflows_are_found_however_long_the_log(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut rare = Run::of("samples/rare");
    store.commit(rare.start()).await.expect("a commit");
    for _ in 0..10 {
        let noise = (0..5_000).map(|n| note(json!(n))).collect();
        store.commit(loose(T0, noise)).await.expect("a commit");
    }
    store.commit(rare.end(Outcome::Completed)).await.expect("a commit");
    for topic in ["workflow_executions", "workflow:*", "workflow:samples/rare"] {
        let topic: Topic = topic.parse().expect("a topic");
        let found = history(&*store, &topic, Position(0), 10).await;
        let positions: Vec<u64> = found.iter().filter_map(|event| event.position).map(|at| at.0).collect();
        assert_eq!(positions, [1, 2, 50_005, 50_006], "{topic}");
        let found = history(&*store, &topic, Position(3), 1).await;
        assert_eq!(found.len(), 2, "{topic}");
    }
    for (topic, count) in [("execution:*", store.head().await.expect("the head").0 - 50_000), ("agent:*", 1)] {
        if topic == "agent:*" {
            store.commit(loose(T0, vec![agent("rare")])).await.expect("a commit");
        }
        let found = history(&*store, &topic.parse().expect("a topic"), Position(0), 2).await;
        assert_eq!(found.len() as u64, count, "{topic}");
    }
}

/// Each second's events, oldest first; seconds without events and beyond the log are 0.
pub async fn event_rate_counts_by_second(backend: &dyn Backend) {
    let store = backend.open().await;
    assert_eq!(store.event_rate(T0, 3).await.expect("rates"), [0, 0, 0]);
    let mut expected = vec![0_u32; 60];
    let mut times = BTreeSet::new();
    for n in 0..300_i64 {
        // Bunched and with holes, always inside the 60 seconds from T0.
        times.insert((n * n * 37) % 45_000);
    }
    for at in times {
        let count = usize::try_from(at % 4 + 1).expect("small");
        let events = (0..count).map(|n| note(json!(n))).collect();
        store.commit(loose(Timestamp(T0.0 + at), events)).await.expect("a commit");
        expected[usize::try_from(at / 1_000).expect("small")] += u32::try_from(count).expect("small");
    }
    let rate = |until: i64, seconds| store.event_rate(Timestamp(T0.0 + until), seconds);
    assert_eq!(rate(60_000, 60).await.expect("rates"), expected);
    assert_eq!(rate(30_000, 10).await.expect("rates"), expected[20..30]);
    assert_eq!(rate(0, 5).await.expect("rates"), [0; 5]);
    assert_eq!(rate(500_000, 5).await.expect("rates"), [0; 5]);
    let total: u32 = rate(500_000, 600).await.expect("rates").iter().sum();
    assert_eq!(u64::from(total), store.head().await.expect("the head").0);
    assert_eq!(rate(60_000, 0).await.expect("rates"), [0_u32; 0]);
}

fn agent(id: &str) -> Event {
    let resource_usage = ResourceUsage { cpu: 1.5, memory: 20.0, active_connections: 3 };
    let status = AgentStatus::Busy;
    AgentState { agent_id: id.into(), status, current_task: None, resource_usage, metadata: None, timestamp: T0 }.into()
}

fn memory(agent_id: Option<&str>) -> Event {
    MemoryTimeline {
        memory_id: "m".into(),
        action: MemoryAction::Created,
        content: None,
        importance: 0.5,
        tags: vec!["t".into()],
        agent_id: agent_id.map(Into::into),
        timestamp: T0,
    }
    .into()
}

fn workflow(workflow_id: &str, execution_id: &str, agent_id: Option<&str>) -> Event {
    WorkflowExecution {
        workflow_id: workflow_id.into(),
        execution_id: execution_id.into(),
        stage: "processing".into(),
        status: WorkflowStatus::Running,
        progress: Some(50.0),
        agent_id: agent_id.map(Into::into),
        result: Some(json!("a NUL \u{0}")),
        error: None,
        timestamp: T0,
    }
    .into()
}

fn metric(agent_id: Option<&str>) -> Event {
    PerformanceMetric {
        metric_name: "cpu".into(),
        value: 1.5,
        unit: "percent".into(),
        category: MetricCategory::System,
        agent_id: agent_id.map(Into::into),
        timestamp: T0,
        metadata: None,
    }
    .into()
}

fn alert() -> Event {
    let severity = Severity::Warning;
    SystemAlert { severity, component: "c".into(), message: "m".into(), details: None, timestamp: T0 }.into()
}
