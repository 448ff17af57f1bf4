//! A disk without room: requests are told so at once, executions under way wait and then go on.

use crate::support::{Bench, playbook};
use protocol::{Outcome, api::SubmitRequest};
use serde_json::json;
use store::sqlite::SqliteStore;

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
