//! A store that is away for a moment. A disk without room: requests are told so at once, executions under way wait and then go on.

use crate::{
    between::{Between, Through},
    support::{Bench, playbook},
};
use async_trait::async_trait;
use protocol::{Event, Outcome, api::SubmitRequest};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use store::{Committed, StoreError, sqlite::SqliteStore};

const ONE: &str = "\n  - {step: start, next: a}\n  - {step: a, type: python, code: 'x', next: end}\n  - {step: end}\n";

#[tokio::test]
async fn a_full_store_refuses_new_work_and_keeps_what_it_has() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("signalbox.db");
    let bench = Bench::on(SqliteStore::open_with_max_pages(&file, 90).await.expect("opens"), 4).await;
    let id = bench.submit(&playbook("one", ONE), json!({})).await;
    let running = bench.arrival().await;

    let api = bench.runtime.api();
    let filler = json!({"filler": "x".repeat(900_000)});
    let submit = SubmitRequest { input: Some(filler), ..SubmitRequest::new("tests/one", None) };
    let problem = api.submit(submit).await.expect_err("there is no room");
    assert_eq!((problem.status, problem.temporary), (503, true), "{problem:?}");
    assert_eq!(api.executions(Default::default()).await.expect("readable").executions.len(), 1, "nothing half done");

    running.complete(json!({"n": 1}));
    bench.ended(id).await;
    assert_eq!(api.execution(id).await.expect("it exists").summary.outcome, Some(Outcome::Completed));
}

/// Takes the first start, and its answer is lost.
#[derive(Default)]
struct LosesAnswer(AtomicBool);

#[async_trait]
impl Between for LosesAnswer {
    async fn committed(&self, committed: &Committed) -> Result<(), StoreError> {
        let is_start = committed.events.iter().any(|envelope| matches!(envelope.event, Event::ExecutionStart(_)));
        match is_start && !self.0.swap(true, SeqCst) {
            true => Err(StoreError::Backend { message: "the connection was closed".into(), temporary: true }),
            false => Ok(()),
        }
    }
}

#[tokio::test]
async fn a_submission_whose_answer_was_lost_is_told_at_once_and_goes_on() {
    let inner = SqliteStore::in_memory().await.expect("a store");
    let bench = Bench::on(Through::to(inner, LosesAnswer::default()), 4).await;
    let api = bench.runtime.api();
    api.register_playbook(&playbook("one", ONE)).await.expect("a valid playbook");
    let submit = SubmitRequest { idempotency_key: Some("k".into()), ..SubmitRequest::new("tests/one", None) };
    let problem = api.submit(submit.clone()).await.expect_err("nobody knows");
    assert_eq!((problem.status, problem.temporary), (503, true), "{problem:?}");
    let running = bench.arrival().await;
    let id = running.task.key.execution_id;
    assert!(problem.detail.contains(&id.to_string()), "{problem:?}");
    let again = api.submit(submit).await.expect("answered");
    assert_eq!((again.execution_id, again.created), (id, false), "it began once");
    running.complete(json!({"n": 1}));
    bench.ended(id).await;
    assert_eq!(api.executions(Default::default()).await.expect("readable").executions.len(), 1);
}
