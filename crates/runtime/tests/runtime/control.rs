//! Pause and resume: what they do to tasks that wait for a place, and over a restart.

use crate::support::{Bench, playbook};
use protocol::{Outcome, api::SignalRequest};
use serde_json::json;
use store::sqlite::SqliteStore;

/// `n` steps side by side, and one that follows them.
fn beside(n: usize) -> String {
    let names: Vec<String> = (0..n).map(|i| format!("s{i}")).collect();
    let mut steps = format!("\n  - {{step: start, next: [{}]}}\n", names.join(", "));
    for name in names {
        steps.push_str(&format!("  - {{step: {name}, type: python, code: x, next: last}}\n"));
    }
    steps.push_str("  - {step: last, type: python, code: x}\n");
    playbook("beside", &steps)
}

fn started(log: &[String]) -> usize {
    log.iter().filter(|line| line.starts_with("action_started")).count()
}

#[tokio::test]
async fn a_pause_takes_back_what_nobody_works_on_and_resuming_hands_it_out() {
    let bench = Bench::on(SqliteStore::in_memory().await.expect("a store"), 1).await;
    let api = bench.runtime.api();
    let id = bench.submit(&beside(3), json!({})).await;
    let first = bench.arrival().await;
    api.pause(id, None).await.expect("paused");
    let open = bench.store.open_tasks(Some(id)).await.expect("readable");
    assert_eq!(open.len(), 1, "what is claimed stays");
    first.complete(json!(1));
    while !bench.log(id).await.contains(&"step_completed s0".to_owned()) {
        tokio::task::yield_now().await;
    }
    assert_eq!(started(&bench.log(id).await), 1, "its place stays free");
    api.resume(id).await.expect("resumed");
    for _ in 0..3 {
        bench.arrival().await.complete(json!(1));
    }
    bench.ended(id).await;
    let summary = api.execution(id).await.expect("it exists").summary;
    assert_eq!(summary.outcome, Some(Outcome::Completed), "{:?}", summary.error);
}

#[tokio::test]
async fn pausing_and_resuming_again_and_again_loses_nothing_and_does_nothing_twice() {
    const STEPS: usize = 40;
    let bench = Bench::on(SqliteStore::in_memory().await.expect("a store"), 2).await;
    let api = bench.runtime.api();
    let source = beside(STEPS) + "  - {step: w, type: wait, signal: go}\n";
    let id = bench.submit(&source, json!({})).await;
    let work = async {
        for _ in 0..=STEPS {
            bench.arrival().await.complete(json!(1));
        }
    };
    let disturb = async {
        // While the signal is committed the other two wait, and are decided together.
        while api.execution(id).await.expect("it exists").summary.outcome.is_none() {
            let signal = SignalRequest { name: "go".into(), data: None };
            let _ = tokio::join!(api.signal(id, signal), api.pause(id, None), api.resume(id));
            let _ = api.resume(id).await;
        }
    };
    tokio::join!(work, disturb);
    let log = bench.ended(id).await;
    assert_eq!(started(&log), STEPS + 1);
    assert!(log.iter().any(|line| line.starts_with("execution_paused")), "nobody ever paused it");
    assert_eq!(api.execution(id).await.expect("it exists").summary.outcome, Some(Outcome::Completed));
}

#[tokio::test]
async fn a_paused_execution_is_paused_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("signalbox.db");
    let open = || async { SqliteStore::open(&path).await.expect("a store") };
    let bench = Bench::on(open().await, 1).await;
    let id = bench.submit(&beside(2), json!({})).await;
    let held = bench.arrival().await;
    bench.runtime.api().pause(id, None).await.expect("paused");
    bench.runtime.shutdown().await;
    drop(held);

    let bench = Bench::on(open().await, 2).await;
    // What was under way is done again; what nobody had begun waits.
    bench.arrival().await.complete(json!(1));
    while !bench.log(id).await.contains(&"step_completed s0".to_owned()) {
        tokio::task::yield_now().await;
    }
    assert!(bench.store.open_tasks(Some(id)).await.expect("readable").is_empty());
    bench.runtime.api().resume(id).await.expect("resumed");
    for _ in 0..2 {
        bench.arrival().await.complete(json!(1));
    }
    bench.ended(id).await;
}
