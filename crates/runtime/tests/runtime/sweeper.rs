//! Work that does not move is told of, once, and again when it moves.

use crate::{
    clock::{Clock, time},
    support::{Bench, playbook},
};
use protocol::{
    CommitId, Event, EventId, ExecutionId, Phase, Position, Task, TaskError, TaskKey, TaskPart, Timestamp, Topic,
    event::{ExecutionStart, Origin, Progress, SystemAlert},
    task::Credentials,
};
use runtime::Environment;
use serde_json::json;
use std::sync::Arc;
use store::{Commit, ExecutionChange, NewEvent, Store, TaskChange, sqlite::SqliteStore};
use worker::Run;

const UNOFFERED: &str = "\n  - {step: start, type: duckdb, command: SELECT 1, next: end}\n  - {step: end}\n";

/// `code subject` of each alert, without the server's name.
async fn alerts(store: &Arc<dyn Store>) -> Vec<String> {
    let page = store.log(&Topic::SystemAlerts, Position(0), 100).await.expect("readable");
    let words = |alert: &SystemAlert| {
        let details = alert.details.as_ref().expect("an alert of ours");
        format!("{} {}", details["code"].as_str().expect("text"), details["subject"].as_str().expect("text"))
    };
    let of = |event: &Event| match event {
        Event::SystemAlert(alert) => words(alert),
        other => panic!("{} among the alerts", other.name()),
    };
    page.events.iter().map(|envelope| of(&envelope.event)).collect()
}

async fn told(clock: &Clock, store: &Arc<dyn Store>, expect: &[String]) {
    let found = clock.until(async || Some(alerts(store).await).filter(|found| found.len() >= expect.len())).await;
    assert_eq!(found, expect);
}

#[tokio::test]
async fn a_protocol_nobody_offers_is_told_once_and_cleared() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("signalbox.db");
    let open = || async { SqliteStore::open(&path).await.expect("a store") as Arc<dyn Store> };
    let clock = Clock::at("2026-01-01T00:00:00Z");
    let store = open().await;
    let bench = Bench::at(&clock, store.clone()).await;
    let ids = [
        bench.submit(&playbook("one", UNOFFERED), json!({})).await,
        bench.submit(&playbook("two", UNOFFERED), json!({})).await,
    ];
    let raised = "no_provider protocol:duckdb@server".to_owned();
    clock.set("2026-01-01T00:00:31Z");
    told(&clock, &store, std::slice::from_ref(&raised)).await;
    // More sweeps, and a restart, say nothing new.
    clock.set("2026-01-01T00:02:00Z");
    bench.runtime.shutdown().await;
    drop(store);
    let store = open().await;
    let bench = Bench::at(&clock, store.clone()).await;
    clock.set("2026-01-01T00:05:00Z");
    for id in ids {
        bench.runtime.api().cancel(id, None).await.expect("cancelled");
    }
    clock.set("2026-01-01T00:06:00Z");
    told(&clock, &store, &[raised, "cleared protocol:duckdb@server".to_owned()]).await;
}

#[tokio::test]
async fn what_other_programs_say_is_raised_hides_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("signalbox.db");
    let open = || async { SqliteStore::open(&path).await.expect("a store") as Arc<dyn Store> };
    let clock = Clock::at("2026-01-01T00:00:00Z");
    let store = open().await;
    let bench = Bench::at(&clock, store.clone()).await;
    let theirs = json!({"type": "system_alert", "severity": "info", "component": "sweeper", "message": "all is well",
        "details": {"subject": "protocol:duckdb@server", "code": "no_provider"}});
    bench.runtime.api().publish(vec![theirs]).await.expect("published");
    bench.runtime.shutdown().await;
    drop(store);
    let store = open().await;
    let bench = Bench::at(&clock, store.clone()).await;
    bench.submit(&playbook("one", UNOFFERED), json!({})).await;
    clock.set("2026-01-01T00:00:31Z");
    told(
        &clock,
        &store,
        &["no_provider protocol:duckdb@server".to_owned(), "no_provider protocol:duckdb@server".to_owned()],
    )
    .await;
    bench.runtime.shutdown().await;
}

#[tokio::test]
async fn what_waits_for_somebody_is_no_alarm() {
    let clock = Clock::at("2026-01-01T00:00:00Z");
    let store: Arc<dyn Store> = SqliteStore::in_memory().await.expect("a store");
    let bench = Bench::at(&clock, store.clone()).await;
    let approval = "\n  - {step: start, type: approval, message: Go?, next: end}\n  - {step: end}\n";
    let signal = "\n  - {step: start, type: wait, signal: go, next: end}\n  - {step: end}\n";
    let python = "\n  - {step: start, type: python, code: x, next: end}\n  - {step: end}\n";
    for (name, steps) in [("approval", approval), ("signal", signal), ("python", python)] {
        bench.submit(&playbook(name, steps), json!({})).await;
    }
    let _held = bench.arrival().await;
    let paused = bench.submit(&playbook("paused", signal), json!({})).await;
    bench.runtime.api().pause(paused, None).await.expect("paused");
    // Something that is one, to see that there was a sweep.
    bench.submit(&playbook("unoffered", UNOFFERED), json!({})).await;
    clock.set("2026-01-01T00:10:00Z");
    told(&clock, &store, &["no_provider protocol:duckdb@server".to_owned()]).await;
}

/// An execution of this server that began and was lost: no task of it, no time, nobody it waits for.
/// With a `step`, there is a task of it that nobody has claimed.
async fn strand(store: &Arc<dyn Store>, path: &str, step: Option<&str>, now: Timestamp) -> ExecutionId {
    let environment = runtime::SystemEnvironment::default();
    let id = ExecutionId(environment.id());
    let start = ExecutionStart {
        execution_id: id,
        path: path.into(),
        version: 1,
        node_name: "stranded".into(),
        workload: Arc::new(json!({})),
        input: Arc::new(json!({})),
        progress: Progress::default(),
        origin: Origin::default(),
        queued_at: None,
        arcs: Vec::new(),
    };
    let event = NewEvent {
        id: EventId(environment.id()),
        correlation_id: None,
        causation_id: None,
        traceparent: None,
        event: start.into(),
    };
    let change = ExecutionChange {
        execution_id: id,
        expected_version: 0,
        path: path.into(),
        playbook_version: 1,
        phase: Phase::InProgress,
        outcome: None,
        step: None,
        progress: 0.0,
        created_at: now,
        ended_at: None,
        wake_at: None,
        input: Some(Arc::new(json!({}))),
        result: None,
        error: None,
        owner: Some("server".into()),
    };
    let commit = CommitId(environment.id());
    let add = |step: &str| {
        let (step, part) = (step.to_owned(), TaskPart::Action);
        let task = Task {
            key: TaskKey { execution_id: id, step, visit: 1, attempt: 1, part, item: None },
            protocol: "python".into(),
            config: Arc::new(json!({"code": "x"})),
            input: Arc::new(json!({})),
            timeout_ms: 300_000,
            heartbeat_ms: None,
            priority: 0,
            credentials: Credentials::default(),
        };
        TaskChange::Add { task: Arc::new(task), due: now, claimed_by: None }
    };
    let tasks = step.map(add).into_iter().collect();
    let commit = Commit { id: commit, time: now, execution: Some(change), events: vec![event], tasks };
    store.commit(commit).await.expect("a commit");
    id
}

#[tokio::test]
async fn an_execution_that_nothing_will_move_is_told_of() {
    let clock = Clock::at("2026-01-01T00:00:00Z");
    let store: Arc<dyn Store> = SqliteStore::in_memory().await.expect("a store");
    let bench = Bench::at(&clock, store.clone()).await;
    let noop = "\n  - {step: start, type: noop, next: end}\n  - {step: end}\n";
    bench.runtime.api().register_playbook(&playbook("stranded", noop)).await.expect("a valid playbook");
    let id = strand(&store, "tests/stranded", None, clock.now()).await;
    clock.set("2026-01-01T00:00:31Z");
    let raised = format!("execution_stuck execution:{id}");
    told(&clock, &store, std::slice::from_ref(&raised)).await;
    bench.runtime.api().terminate(id, None).await.expect("terminated");
    clock.set("2026-01-01T00:01:31Z");
    told(&clock, &store, &[raised, format!("cleared execution:{id}")]).await;
}

/// Somebody offers what it needs, and a place is free: the driver does not know of it.
#[tokio::test]
async fn a_task_that_was_mislaid_is_told_of() {
    let clock = Clock::at("2026-01-01T00:00:00Z");
    let store: Arc<dyn Store> = SqliteStore::in_memory().await.expect("a store");
    let bench = Bench::at(&clock, store.clone()).await;
    let python = "\n  - {step: start, type: python, code: x}\n";
    // Others that have waited as long, for a place and for their time, are known.
    let retry = "\n  - {step: start, type: python, code: x, retry: {max_attempts: 2, initial_delay: 3600}}\n";
    let id = bench.submit(&playbook("later", retry), json!({})).await;
    bench.arrival().await.end(Run::failed(TaskError::new("python_exception", "no")));
    let mut held = Vec::new();
    for n in 0..6 {
        bench.submit(&playbook("mislaid", python), json!({"n": n})).await;
    }
    for _ in 0..4 {
        held.push(bench.arrival().await);
    }
    let mislaid = strand(&store, "tests/mislaid", Some("start"), clock.now()).await;
    let raised = format!("execution_stuck execution:{mislaid}");
    clock.set("2026-01-01T00:00:31Z");
    clock.set("2026-01-01T00:05:00Z");
    told(&clock, &store, std::slice::from_ref(&raised)).await;
    bench.runtime.api().terminate(mislaid, None).await.expect("terminated");
    clock.set("2026-01-01T00:10:00Z");
    told(&clock, &store, &[raised, format!("cleared execution:{mislaid}")]).await;
    assert!(bench.store.open_tasks(Some(id)).await.expect("readable").len() == 1, "the other one waits for its time");
}

#[tokio::test]
async fn a_schedule_that_cannot_start_says_so_until_it_can() {
    let clock = Clock::at("2026-01-01T00:00:30Z");
    let store: Arc<dyn Store> = SqliteStore::in_memory().await.expect("a store");
    let bench = Bench::at(&clock, store.clone()).await;
    let api = bench.runtime.api();
    let noop = "\n  - {step: start, type: noop, next: end}\n  - {step: end}\n";
    let broken = playbook("report", noop)
        .replace("workflow:", "schedule: {cron: '* * * * *', input: {x: '{{ nothing.there }}'}}\nworkflow:");
    api.register_playbook(&broken).await.expect("a valid playbook");
    let name = "tests/report:default";
    clock.set("2026-01-01T00:01:00Z");
    let raised = format!("schedule_failed schedule:{name}");
    told(&clock, &store, std::slice::from_ref(&raised)).await;
    clock.set("2026-01-01T00:02:00Z");
    clock
        .until(async || {
            let schedule = api.schedule(name).await.expect("it is there");
            (schedule.next_at == Some(time("2026-01-01T00:03:00Z"))).then_some(())
        })
        .await;
    api.register_playbook(&broken.replace("{{ nothing.there }}", "1")).await.expect("a valid playbook");
    clock.set("2026-01-01T00:03:00Z");
    told(&clock, &store, &[raised, format!("cleared schedule:{name}")]).await;
}
