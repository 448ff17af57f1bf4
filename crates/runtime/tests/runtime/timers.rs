//! What is due later: attempts after a pause, the end of an execution's time. Times are short and waited for, never
//! slept through.

use crate::support::{Bench, playbook};
use protocol::{Outcome, TaskError};
use serde_json::json;
use store::sqlite::SqliteStore;
use worker::Run;

const RETRY: &str = "
  - {step: start, type: python, code: x, retry: {max_attempts: 3, initial_delay: 0.02, jitter: false}, next: end}
  - {step: end}
";

fn failed() -> Run {
    Run::failed(TaskError::new("python_exception", "ValueError: no"))
}

#[tokio::test]
async fn an_attempt_is_made_again_after_its_pause() {
    let bench = Bench::on(SqliteStore::in_memory().await.expect("a store"), 1).await;
    let id = bench.submit(&playbook("retry", RETRY), json!({})).await;
    bench.arrival().await.end(failed());
    let second = bench.arrival().await;
    assert_eq!(second.task.key.attempt, 2);
    second.end(failed());
    bench.arrival().await.complete(json!({"n": 1}));
    bench.ended(id).await;
    let events = bench.store.execution_events(id, protocol::Position(0), 100).await.expect("readable");
    let time_of = |name: &str, nth: usize| {
        let mut found = events.iter().filter(|envelope| envelope.event.name() == name);
        found.nth(nth).map(|envelope| envelope.time).expect("it is in the log")
    };
    for (attempt, pause) in [(0, 20), (1, 40)] {
        let waited = time_of("action_started", attempt + 1).ms_since(time_of("retry_scheduled", attempt));
        assert!(waited >= pause, "attempt {attempt} waited {waited} ms of {pause}");
    }
    assert_eq!(bench.runtime.api().execution(id).await.expect("it exists").result, Some(json!({"n": 1})));
}

#[tokio::test]
async fn an_attempt_that_is_due_later_survives_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("signalbox.db");
    let open = || async { SqliteStore::open(&path).await.expect("a store") };
    let bench = Bench::on(open().await, 1).await;
    let steps = RETRY.replace("0.02", "0.2");
    let id = bench.submit(&playbook("retry", &steps), json!({})).await;
    bench.arrival().await.end(failed());
    while bench.log(id).await.last().is_none_or(|line| line != "retry_scheduled start") {
        tokio::task::yield_now().await;
    }
    bench.runtime.shutdown().await;

    let bench = Bench::on(open().await, 1).await;
    let second = bench.arrival().await;
    assert_eq!(second.task.key.attempt, 2);
    second.complete(json!(2));
    bench.ended(id).await;
    assert_eq!(bench.runtime.api().execution(id).await.expect("it exists").result, Some(json!(2)));
}

#[tokio::test]
async fn an_execution_out_of_time_fails_and_its_tasks_are_stopped() {
    let bench = Bench::on(SqliteStore::in_memory().await.expect("a store"), 1).await;
    let source = playbook("slow", "\n  - {step: start, type: python, code: x}\n");
    let id = bench.submit(&source.replace("workflow:", "timeout_s: 0.05\nworkflow:"), json!({})).await;
    let held = bench.arrival().await;
    assert!(bench.arrival().await.cancelled);
    drop(held);
    bench.ended(id).await;
    let summary = bench.runtime.api().execution(id).await.expect("it exists").summary;
    assert_eq!(summary.outcome, Some(Outcome::Failed));
    assert_eq!(summary.error.map(|error| error.code), Some("execution_timeout".into()));
}

const WAIT: &str = "
  - {step: start, type: wait, seconds: 0.02, next: after}
  - {step: after, type: python, code: x}
";

#[tokio::test]
async fn a_wait_is_over_by_itself_and_no_sooner() {
    let bench = Bench::on(SqliteStore::in_memory().await.expect("a store"), 1).await;
    let id = bench.submit(&playbook("wait", WAIT), json!({})).await;
    bench.arrival().await.complete(json!(1));
    bench.ended(id).await;
    let events = bench.store.execution_events(id, protocol::Position(0), 100).await.expect("readable");
    let time_of = |name: &str| events.iter().find(|envelope| envelope.event.name() == name).map(|found| found.time);
    let (begun, over) = (time_of("action_started").expect("it began"), time_of("step_completed").expect("it ended"));
    assert!(over.ms_since(begun) >= 20, "{begun:?} {over:?}");
}

#[tokio::test]
async fn a_wait_survives_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("signalbox.db");
    let open = || async { SqliteStore::open(&path).await.expect("a store") };
    let bench = Bench::on(open().await, 1).await;
    let id = bench.submit(&playbook("wait", &WAIT.replace("0.02", "0.2")), json!({})).await;
    while bench.log(id).await.last().is_none_or(|line| line != "action_started start") {
        tokio::task::yield_now().await;
    }
    bench.runtime.shutdown().await;

    let bench = Bench::on(open().await, 1).await;
    bench.arrival().await.complete(json!(1));
    bench.ended(id).await;
    assert_eq!(bench.log(id).await.iter().filter(|line| *line == "action_started start").count(), 1);
}
