//! Child executions on a real store: parent and child, to the end.

use crate::{
    between::{Between, Through},
    clock::Clock,
    support::{Bench, playbook},
};
use async_trait::async_trait;
use protocol::{
    Event, ExecutionId, Outcome, Position, TaskError,
    api::{SignalRequest, SubmitRequest},
    event::ActionStarted,
};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
};
use store::{Commit, StoreError, sqlite::SqliteStore};
use tokio::sync::{Notify, watch};
use worker::Run;

const CHILD: &str = "
  - {step: start, type: python, code: x, data: {n: '{{ workload.n }}'}, next: end}
  - {step: end, result: {twice: '{{ start.n * 2 }}'}}
";
const PARENT: &str = "
  - {step: start, next: run}
  - {step: run, type: playbook, path: tests/child, data: {n: 21}, next: [end, {step: repair, on: failed, data: {why: '{{ error.code }}', text: '{{ error.message }}'}}]}
  - {step: repair, type: noop}
  - {step: end, result: '{{ run }}'}
";

async fn bench() -> Bench {
    Bench::on(SqliteStore::in_memory().await.expect("a store"), 4).await
}

async fn register(bench: &Bench, name: &str, steps: &str) -> u32 {
    bench.runtime.api().register_playbook(&playbook(name, steps)).await.expect("a valid playbook").version
}

/// What the parent's log says of its children, in order.
async fn children(bench: &Bench, id: ExecutionId) -> Vec<ExecutionId> {
    let events = bench.store.execution_events(id, Position(0), 10_000).await.expect("readable");
    let child = |event: &Event| match event {
        Event::ActionStarted(ActionStarted { child, .. }) => *child,
        _ => None,
    };
    events.iter().filter_map(|envelope| child(&envelope.event)).collect()
}

async fn result(bench: &Bench, id: ExecutionId) -> Value {
    bench.runtime.api().execution(id).await.expect("it exists").result.expect("it has ended")
}

async fn outcome(bench: &Bench, id: ExecutionId) -> Option<Outcome> {
    bench.runtime.api().execution(id).await.expect("it exists").summary.outcome
}

#[tokio::test]
async fn a_parent_waits_for_its_child_and_has_its_result() {
    let bench = bench().await;
    register(&bench, "child", CHILD).await;
    let id = bench.submit(&playbook("parent", PARENT), json!({})).await;
    let work = bench.arrival().await;
    let child = work.task.key.execution_id;
    assert_ne!(child, id);
    assert_eq!(*work.task.input, json!({"n": 21}), "the child's workload is the parent's data");
    work.complete(json!({"n": 21}));
    bench.ended(id).await;
    assert_eq!(result(&bench, id).await, json!({"twice": 42}));
    assert_eq!(children(&bench, id).await, [child]);
    let start = &bench.store.execution_events(child, Position(0), 1).await.expect("readable")[0];
    let Event::ExecutionStart(start) = &start.event else { panic!("{start:?}") };
    let parent = start.origin.parent.as_ref().expect("it knows its parent");
    assert_eq!((parent.execution_id, parent.step.as_str()), (id, "run"));
    assert_eq!(bench.store.open_tasks(None).await.expect("readable").len(), 0);
}

#[tokio::test]
async fn return_step_picks_a_result_of_the_child() {
    let bench = bench().await;
    register(&bench, "child", CHILD).await;
    let parent = PARENT.replace("path: tests/child", "path: tests/child, return_step: start");
    let id = bench.submit(&playbook("parent", &parent), json!({})).await;
    bench.arrival().await.complete(json!({"n": 5}));
    bench.ended(id).await;
    assert_eq!(result(&bench, id).await, json!({"n": 5}));

    let parent = PARENT.replace("path: tests/child", "path: tests/child, return_step: nowhere");
    let id = bench.submit(&playbook("parent", &parent), json!({})).await;
    bench.arrival().await.complete(json!({"n": 5}));
    bench.ended(id).await;
    assert_eq!(result(&bench, id).await["why"], json!("return_step_missing"));
}

#[tokio::test]
async fn a_child_that_fails_fails_the_step_that_waits_for_it() {
    let bench = bench().await;
    register(&bench, "child", CHILD).await;
    let id = bench.submit(&playbook("parent", PARENT), json!({})).await;
    bench.arrival().await.end(Run::failed(TaskError::new("python_exception", "ValueError: no")));
    bench.ended(id).await;
    let told = result(&bench, id).await;
    assert_eq!(told["why"], json!("child_failed"));
    assert!(told["text"].as_str().is_some_and(|text| text.contains("ValueError: no")), "{told}");
    let id = bench.submit(&playbook("lost", &PARENT.replace("tests/child", "tests/nobody")), json!({})).await;
    bench.ended(id).await;
    assert_eq!(result(&bench, id).await["why"], json!("not_found"));
}

#[tokio::test]
async fn cancelling_reaches_the_children_of_children() {
    let bench = bench().await;
    register(&bench, "child", CHILD).await;
    register(&bench, "middle", "\n  - {step: start, type: playbook, path: tests/child, data: {n: 1}}\n").await;
    let id = bench.submit(&playbook("parent", &PARENT.replace("tests/child", "tests/middle")), json!({})).await;
    let work = bench.arrival().await;
    bench.runtime.api().cancel(id, Some("enough".into())).await.expect("cancelled");
    assert!(bench.arrival().await.cancelled, "the grandchild's task is stopped");
    let middle = children(&bench, id).await[0];
    let child = children(&bench, middle).await[0];
    assert_eq!(child, work.task.key.execution_id);
    drop(work);
    for id in [id, middle, child] {
        bench.ended(id).await;
        assert_eq!(outcome(&bench, id).await, Some(Outcome::Cancelled));
    }
}

#[tokio::test]
async fn a_cancelled_child_is_told_to_its_parent() {
    let bench = bench().await;
    register(&bench, "child", CHILD).await;
    let id = bench.submit(&playbook("parent", PARENT), json!({})).await;
    let work = bench.arrival().await;
    bench.runtime.api().cancel(work.task.key.execution_id, None).await.expect("cancelled");
    bench.ended(id).await;
    assert_eq!(result(&bench, id).await["why"], json!("child_cancelled"));
}

#[tokio::test]
async fn another_attempt_is_another_child_after_its_pause() {
    let bench = bench().await;
    register(&bench, "child", CHILD).await;
    let parent = PARENT.replace("data: {n: 21}", "data: {n: 21}, retry: {max_attempts: 2, initial_delay: 0.02}");
    let id = bench.submit(&playbook("parent", &parent), json!({})).await;
    let first = bench.arrival().await;
    let failed = first.task.key.execution_id;
    first.end(Run::failed(TaskError::new("python_exception", "no")));
    let second = bench.arrival().await;
    let good = second.task.key.execution_id;
    second.complete(json!({"n": 3}));
    bench.ended(id).await;
    assert_eq!(result(&bench, id).await, json!({"twice": 6}));
    assert_eq!(children(&bench, id).await, [failed, good]);
}

#[tokio::test]
async fn a_playbook_that_starts_itself_comes_to_an_end() {
    let bench = bench().await;
    let id = bench.submit(&playbook("own", "\n  - {step: start, type: playbook, path: tests/own}\n"), json!({})).await;
    bench.ended(id).await;
    let detail = bench.runtime.api().execution(id).await.expect("it exists");
    assert_eq!(detail.summary.outcome, Some(Outcome::Failed));
    assert!(detail.summary.error.expect("why").message.contains("the limit is 32"));
}

#[tokio::test]
async fn a_child_goes_on_in_its_own_version_after_a_stop() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("signalbox.db");
    let bench = Bench::on(SqliteStore::open(&file).await.expect("opens"), 1).await;
    register(&bench, "child", CHILD).await;
    let id = bench.submit(&playbook("parent", PARENT), json!({})).await;
    let work = bench.arrival().await;
    let held = work.task.key.clone();
    let newer = CHILD.replace("twice: '{{ start.n * 2 }}'", "other: 1");
    assert_eq!(register(&bench, "child", &newer).await, 2);
    bench.runtime.shutdown().await;

    let bench = Bench::on(SqliteStore::open(&file).await.expect("opens again"), 1).await;
    let again = bench.arrival().await;
    assert_eq!(again.task.key, held);
    again.complete(json!({"n": 4}));
    bench.ended(id).await;
    assert_eq!(result(&bench, id).await, json!({"twice": 8}));
    assert_eq!(children(&bench, id).await, [held.execution_id]);
}

#[tokio::test]
async fn a_child_that_ended_while_its_parent_was_nowhere_is_told_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("signalbox.db");
    let bench = Bench::on(SqliteStore::open(&file).await.expect("opens"), 1).await;
    register(&bench, "child", CHILD).await;
    let id = bench.submit(&playbook("parent", PARENT), json!({})).await;
    let work = bench.arrival().await;
    let child = work.task.key.execution_id;
    bench.runtime.shutdown().await;

    let bench = Bench::start(SqliteStore::open(&file).await.expect("opens again"), 1, false).await;
    bench.runtime.api().cancel(child, None).await.expect("cancelled");
    assert_eq!(outcome(&bench, id).await, None, "nobody has taken up the parent");
    bench.runtime.shutdown().await;

    let bench = Bench::on(SqliteStore::open(&file).await.expect("opens again"), 1).await;
    bench.ended(id).await;
    assert_eq!(result(&bench, id).await["why"], json!("child_cancelled"));
}

/// From when it is told to, lets nobody read the playbook of the child before it is told to.
#[derive(Default)]
struct SlowCatalog {
    is_slow: AtomicBool,
    asked: Notify,
    answers: watch::Sender<bool>,
}

#[async_trait]
impl Between for Arc<SlowCatalog> {
    async fn playbook(&self, path: &str) {
        if path == "tests/child" && self.is_slow.load(SeqCst) {
            self.asked.notify_one();
            self.answers.subscribe().wait_for(|may| *may).await.expect("it is not closed");
        }
    }
}

#[tokio::test]
async fn a_child_that_is_not_wanted_any_more_does_not_begin() {
    let slow = Arc::new(SlowCatalog::default());
    let inner = SqliteStore::in_memory().await.expect("a store");
    let bench = Bench::on(Through::to(inner, slow.clone()), 4).await;
    register(&bench, "child", CHILD).await;
    // It goes on without the child.
    let parent = "
  - {step: start, next: run}
  - {step: run, type: playbook, path: tests/child, next: [end, {step: tidy, on: cancelled}]}
  - {step: tidy, type: python, code: x, next: end}
  - {step: end}
";
    register(&bench, "parent", parent).await;
    slow.is_slow.store(true, SeqCst);
    let submitted = bench.runtime.api().submit(SubmitRequest::new("tests/parent", None)).await.expect("submitted");
    let id = submitted.execution_id;
    slow.asked.notified().await;
    bench.runtime.api().cancel(id, None).await.expect("cancelled");
    let tidy = bench.arrival().await;
    assert_eq!(tidy.task.key.execution_id, id);
    slow.answers.send_replace(true);
    // Whatever began before this one would be in its place.
    let next = bench.submit(&playbook("next", CHILD), json!({"n": 1})).await;
    let work = bench.arrival().await;
    assert_eq!(work.task.key.execution_id, next);
    tidy.complete(json!(1));
    bench.ended(id).await;
    let page = bench.runtime.api().executions(Default::default()).await.expect("a list");
    assert_eq!(page.executions.iter().map(|row| row.execution_id).collect::<Vec<_>>(), [next, id]);
}

const WAITS: &str = "\n  - {step: start, type: wait, signal: go}\n";

#[tokio::test]
async fn a_child_that_takes_too_long_fails_its_step_and_is_cancelled() {
    let bench = bench().await;
    register(&bench, "child", WAITS).await;
    let parent = PARENT.replace("data: {n: 21}", "data: {n: 21}, timeout_s: 0.05");
    let id = bench.submit(&playbook("parent", &parent), json!({})).await;
    bench.ended(id).await;
    let told = result(&bench, id).await;
    assert_eq!(told["why"], json!("timeout"));
    assert!(told["text"].as_str().is_some_and(|text| text.contains("0.05 s")), "{told}");
    let child = children(&bench, id).await[0];
    bench.ended(child).await;
    assert_eq!(outcome(&bench, child).await, Some(Outcome::Cancelled));

    // Each item of an iterator has a child of its own, and the limit of its step.
    let steps = "
  - {step: start, type: iterator, collection: [1, 2], element: n, mode: async, timeout_s: 0.05, task: {type: playbook, path: tests/child, data: {n: '{{ n }}'}}}
";
    let id = bench.submit(&playbook("items", steps), json!({})).await;
    bench.ended(id).await;
    assert_eq!(outcome(&bench, id).await, Some(Outcome::Failed));
    for child in children(&bench, id).await {
        bench.ended(child).await;
        assert_eq!(outcome(&bench, child).await, Some(Outcome::Cancelled));
    }
}

#[tokio::test]
async fn a_childs_time_goes_on_over_a_restart_and_has_no_end_unless_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("signalbox.db");
    let open = || async { SqliteStore::open(&file).await.expect("a store") };
    let clock = Clock::at("2026-01-01T00:00:00Z");
    let bench = Bench::at(&clock, open().await).await;
    register(&bench, "child", WAITS).await;
    let unlimited = bench.submit(&playbook("unlimited", PARENT), json!({})).await;
    let limited = PARENT.replace("data: {n: 21}", "data: {n: 21}, timeout_s: 3600");
    let limited = bench.submit(&playbook("limited", &limited), json!({})).await;
    let started = async |child| !bench.log(child).await.is_empty();
    for id in [unlimited, limited] {
        let child = children(&bench, id).await[0];
        clock.until(async || started(child).await.then_some(())).await;
    }
    clock.set("2026-01-01T00:59:00Z");
    bench.runtime.shutdown().await;

    let bench = Bench::at(&clock, open().await).await;
    clock.set("2026-01-01T01:00:10Z");
    clock.until(async || outcome(&bench, limited).await).await;
    assert_eq!(result(&bench, limited).await["why"], json!("timeout"));
    clock.set("2026-01-03T00:00:00Z");
    let child = children(&bench, unlimited).await[0];
    let signal = SignalRequest { name: "go".into(), data: Some(json!({"n": 1})) };
    bench.runtime.api().signal(child, signal).await.expect("it waits");
    bench.ended(unlimited).await;
    assert_eq!(result(&bench, unlimited).await, json!({"n": 1}));
}

/// Is away when children begin, so often.
struct Away(AtomicU32);

#[async_trait]
impl Between for Away {
    async fn commit(&self, commit: &Commit) -> Result<(), StoreError> {
        let is_first = commit
            .execution
            .as_ref()
            .is_some_and(|execution| &*execution.path == "tests/child" && execution.expected_version == 0);
        let left = |left: u32| left.checked_sub(1);
        match is_first && self.0.fetch_update(SeqCst, SeqCst, left).is_ok() {
            true => Err(StoreError::Backend { message: "the disk is full".into(), temporary: true }),
            false => Ok(()),
        }
    }
}

#[tokio::test]
async fn a_child_begins_when_the_store_is_back() {
    let inner = SqliteStore::in_memory().await.expect("a store");
    let bench = Bench::on(Through::to(inner, Away(AtomicU32::new(2))), 4).await;
    register(&bench, "child", CHILD).await;
    let id = bench.submit(&playbook("parent", PARENT), json!({})).await;
    bench.arrival().await.complete(json!({"n": 21}));
    bench.ended(id).await;
    assert_eq!(result(&bench, id).await, json!({"twice": 42}));
}
