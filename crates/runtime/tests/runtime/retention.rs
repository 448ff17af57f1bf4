//! What is over goes after its time, in a time of the test's own.

use crate::{
    clock::Clock,
    support::{Bench, playbook},
};
use protocol::{Phase, Position, Topic, api::ExecutionQuery};
use runtime::{Membership, Retention, credentials::Vault};
use serde_json::json;
use std::sync::Arc;
use store::{Store, sqlite::SqliteStore};

const DAY_MS: u64 = 86_400_000;

#[tokio::test]
async fn executions_go_so_long_after_their_end_and_those_under_way_stay() {
    // Ids are drawn by the machine's clock, and none is of a time that is still to come.
    let clock = Clock::at("2100-03-01T00:00:00Z");
    let store: Arc<dyn Store> = SqliteStore::in_memory().await.expect("a store");
    let retention = Retention { executions_ms: Some(30 * DAY_MS), ..Retention::default() };
    let bench =
        Bench::keeping(store, "server", 4, Membership::Alone, clock.clone(), Vault::in_memory(), retention).await;
    let api = bench.runtime.api();
    let done = playbook("done", "  - {step: start, type: noop, next: end}\n  - {step: end}\n");
    let done = bench.submit(&done, json!({})).await;
    bench.ended(done).await;
    let open = playbook("open", "  - {step: start, type: python, code: x, next: end}\n  - {step: end}\n");
    let open = bench.submit(&open, json!({})).await;
    let waiting = bench.arrival().await;

    for minute in 0..5 {
        clock.set(&format!("2100-03-30T00:{minute:02}:00Z"));
        api.executions(ExecutionQuery::default()).await.expect("a list");
    }
    assert_eq!(api.execution(done).await.expect("29 days old").summary.status, Phase::Completed);

    for minute in 0.. {
        clock.set(&format!("2100-04-01T{:02}:{:02}:00Z", minute / 60, minute % 60));
        if api.execution(done).await.is_err() {
            break;
        }
    }
    let page = api.executions(ExecutionQuery::default()).await.expect("a list");
    assert_eq!(page.executions.iter().map(|row| row.execution_id).collect::<Vec<_>>(), [open]);
    let history = bench.store.log(&Topic::Events, Position(0), 10).await.expect("a page");
    assert!(history.complete_after > Position(0), "whoever resumes from before is told");
    waiting.complete(json!({}));
    bench.ended(open).await;
    bench.runtime.shutdown().await;
}
