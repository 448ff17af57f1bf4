//! Nothing is lost over a stop, graceful or not.

use crate::support::{Bench, playbook};
use protocol::{Outcome, Timestamp};
use serde_json::json;
use std::sync::Arc;
use store::{Store, sqlite::SqliteStore};

const TWO: &str = "
  - {step: start, next: [a, b]}
  - {step: a, type: python, code: 'x', next: end}
  - {step: b, type: python, code: 'x', next: end}
  - {step: end, result: '{{ [a.n, b.n] }}'}
";

#[tokio::test]
async fn an_execution_goes_on_after_a_stop_in_the_middle() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("signalbox.db");
    let bench = Bench::on(SqliteStore::open(&file).await.expect("opens"), 1).await;
    let id = bench.submit(&playbook("two", TWO), json!({})).await;
    let first = bench.arrival().await;
    let done = first.task.key.step.clone();
    first.complete(json!({"n": 1}));
    let held = bench.arrival().await;
    let interrupted = held.task.key.clone();
    assert_ne!(interrupted.step, done);
    bench.runtime.shutdown().await;

    let bench = Bench::on(SqliteStore::open(&file).await.expect("opens again"), 1).await;
    let again = bench.arrival().await;
    assert_eq!(again.task.key, interrupted, "the same attempt is handed out again");
    again.complete(json!({"n": 2}));
    let log = bench.ended(id).await;
    for step in ["a", "b"] {
        for kind in ["step_started", "action_started", "action_completed", "step_completed"] {
            let line = format!("{kind} {step}");
            assert_eq!(log.iter().filter(|found| **found == line).count(), 1, "{line} in {log:?}");
        }
    }
    let detail = bench.runtime.api().execution(id).await.expect("it exists");
    assert_eq!(detail.summary.outcome, Some(Outcome::Completed));
}

#[tokio::test]
async fn a_queued_task_is_taken_up_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("signalbox.db");
    let bench = Bench::on(SqliteStore::open(&file).await.expect("opens"), 1).await;
    let id = bench.submit(&playbook("two", TWO), json!({})).await;
    let _held = bench.arrival().await;
    assert_eq!(bench.store.open_tasks(Some(id)).await.expect("readable").len(), 2);
    bench.runtime.shutdown().await;

    let bench = Bench::on(SqliteStore::open(&file).await.expect("opens again"), 1).await;
    bench.arrival().await.complete(json!({"n": 1}));
    bench.arrival().await.complete(json!({"n": 2}));
    assert_eq!(bench.ended(id).await.last().map(String::as_str), Some("execution_complete"));
}

#[tokio::test]
async fn requests_during_a_stop_are_refused_and_lose_nothing() {
    let store = SqliteStore::in_memory().await.expect("a store");
    let bench = Bench::on(store.clone(), 1).await;
    let api = bench.runtime.api();
    let id = bench.submit(&playbook("two", TWO), json!({})).await;
    bench.runtime.shutdown().await;
    let problem = api.cancel(id, None).await.expect_err("stopping");
    assert_eq!(problem.status, 503);
    let _: &dyn Store = store.as_ref();
}

#[tokio::test]
async fn what_a_gone_process_left_can_be_cancelled_without_taking_it_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("signalbox.db");
    let bench = Bench::on(SqliteStore::open(&file).await.expect("opens"), 1).await;
    let id = bench.submit(&playbook("two", TWO), json!({})).await;
    let _held = bench.arrival().await;
    bench.runtime.shutdown().await;

    let bench = Bench::start(SqliteStore::open(&file).await.expect("opens again"), 1, false).await;
    let detail = bench.runtime.api().cancel(id, None).await.expect("cancelled");
    assert_eq!(detail.summary.outcome, Some(Outcome::Cancelled));
    assert!(bench.store.open_tasks(None).await.expect("readable").is_empty());
    assert_eq!(bench.log(id).await.last().map(String::as_str), Some("execution_complete"));
}

/// What ran when the copy was made, what its save ran, what waited for a place and a child: all of it goes on.
#[tokio::test]
async fn what_was_under_way_in_a_copy_goes_on_in_the_restored_store() {
    const WORK: &str = "
  - {step: start, next: [a, b, kid]}
  - {step: a, type: python, code: x, next: end}
  - {step: b, type: python, code: x, next: end}
  - {step: kid, type: playbook, path: tests/kid, next: end}
  - {step: end, result: '{{ [a.n, b.n, kid.n] }}'}
";
    const KID: &str = "
  - {step: start, next: [c, d]}
  - {step: c, type: python, code: x, next: end}
  - {step: d, type: python, code: x, next: end}
  - {step: end, result: {n: '{{ c.n + d.n }}'}}
";
    // Three of the four have a place.
    let bench = Bench::on(SqliteStore::in_memory().await.expect("a store"), 3).await;
    bench.runtime.api().register_playbook(&playbook("kid", KID)).await.expect("a valid playbook");
    let id = bench.submit(&playbook("work", WORK), json!({})).await;
    let held = [bench.arrival().await, bench.arrival().await, bench.arrival().await];
    let mut copy = Vec::new();
    bench.store.backup(&mut copy, Timestamp(0)).await.expect("a copy");

    let store: Arc<dyn Store> = SqliteStore::in_memory().await.expect("a store");
    store.restore(&mut &copy[..]).await.expect("restored");
    let restored = Bench::on(store, 4).await;
    let mut attempts = Vec::new();
    for _ in 0..4 {
        let work = restored.arrival().await;
        let was_held = held.iter().any(|held| held.task.key.step == work.task.key.step);
        attempts.push((was_held, work.task.key.attempt));
        work.complete(json!({"n": 1}));
    }
    attempts.sort_unstable();
    assert_eq!(attempts, [(false, 1), (true, 2), (true, 2), (true, 2)], "who had them is gone");
    assert_eq!(restored.ended(id).await.last().map(String::as_str), Some("execution_complete"));
    let detail = restored.runtime.api().execution(id).await.expect("it exists");
    assert_eq!((detail.summary.error, detail.result), (None, Some(json!([1, 1, 2]))));
    drop(held);
}
