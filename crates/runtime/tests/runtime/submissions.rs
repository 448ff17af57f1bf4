//! Submissions with a key count once.

use crate::support::{Bench, playbook};
use futures::future::join_all;
use protocol::api::{ExecutionQuery, RerunRequest, SubmitRequest};
use serde_json::{Value, json};
use store::sqlite::SqliteStore;

const STEPS: &str = "\n  - {step: start, type: noop, next: end}\n  - {step: end}\n";

async fn bench() -> Bench {
    let bench = Bench::on(SqliteStore::in_memory().await.expect("a store"), 1).await;
    for name in ["one", "other"] {
        bench.runtime.api().register_playbook(&playbook(name, STEPS)).await.expect("a valid playbook");
    }
    bench
}

fn request(key: &str, path: &str, input: Value) -> SubmitRequest {
    SubmitRequest { input: Some(input), idempotency_key: Some(key.into()), ..SubmitRequest::new(path, None) }
}

#[tokio::test]
async fn the_same_again_is_answered_with_the_same_execution() {
    let bench = bench().await;
    let api = bench.runtime.api();
    // Also where the input is too large to stand in an event.
    for (key, input) in [("a", json!({"n": 1})), ("b", json!({"text": "x".repeat(300_000)}))] {
        let first = api.submit(request(key, "tests/one", input.clone())).await.expect("submitted");
        assert!(first.created);
        let again = api.submit(request(key, "tests/one", input)).await.expect("answered");
        assert_eq!((again.execution_id, again.created), (first.execution_id, false));
        bench.ended(first.execution_id).await;
    }
    let all = api.executions(ExecutionQuery::default()).await.expect("a list").executions;
    assert_eq!(all.len(), 2);
}

#[tokio::test]
async fn the_newest_version_runs_as_soon_as_it_is_registered() {
    let bench = bench().await;
    let api = bench.runtime.api();
    for n in 1..=3 {
        for _ in 0..2 {
            let id = api.submit(SubmitRequest::new("tests/one", None)).await.expect("submitted").execution_id;
            assert_eq!(api.execution(id).await.expect("it exists").summary.version, Some(n));
        }
        let next = playbook("one", &STEPS.replace("end}", &format!("end, result: {n}}}")));
        assert_eq!(api.register_playbook(&next).await.expect("a valid playbook").version, n + 1);
    }
}

#[tokio::test]
async fn a_key_is_not_used_for_something_else() {
    let bench = bench().await;
    let api = bench.runtime.api();
    let first = api.submit(request("k", "tests/one", json!({"n": 1}))).await.expect("submitted").execution_id;
    for (path, version, input, part) in [
        ("tests/other", None, json!({"n": 1}), "another playbook"),
        ("tests/one", None, json!({"n": 2}), "another input"),
        ("tests/one", Some(7), json!({"n": 1}), "another version"),
    ] {
        let problem = api.submit(SubmitRequest { version, ..request("k", path, input) }).await.expect_err("refused");
        assert_eq!((problem.status, problem.code.as_str()), (409, "idempotency_conflict"));
        assert!(problem.detail.contains(part) && problem.detail.contains(&first.to_string()), "{problem}");
    }
    for key in ["", " ", "a\nb", &"x".repeat(513)] {
        let problem = api.submit(request(key, "tests/one", json!({}))).await.expect_err("refused");
        assert_eq!(problem.code, "idempotency_key_invalid", "{key:?}");
    }
}

#[tokio::test]
async fn a_key_of_a_rerun_is_for_that_rerun() {
    let bench = bench().await;
    let api = bench.runtime.api();
    let mut ended = Vec::new();
    for _ in 0..2 {
        let id = api.submit(SubmitRequest::new("tests/one", None)).await.expect("submitted").execution_id;
        bench.ended(id).await;
        ended.push(id);
    }
    let again = |from: Option<&str>| RerunRequest {
        from: from.map(str::to_owned),
        idempotency_key: Some("k".into()),
        ..RerunRequest::default()
    };
    let first = api.rerun(ended[0], again(None)).await.expect("submitted");
    let same = api.rerun(ended[0], again(None)).await.expect("answered");
    assert_eq!((first.created, same.created, same.execution_id), (true, false, first.execution_id));
    let others = [api.rerun(ended[1], again(None)).await, api.rerun(ended[0], again(Some("start"))).await];
    let plain = api.submit(request("k", "tests/one", json!({}))).await;
    for other in others.into_iter().chain([plain]) {
        let problem = other.expect_err("it is another one");
        assert_eq!((problem.status, problem.code.as_str()), (409, "idempotency_conflict"));
        assert!(problem.detail.contains("another execution to run again"), "{problem}");
    }
}

#[tokio::test]
async fn of_many_at_once_one_starts() {
    let bench = bench().await;
    let api = bench.runtime.api();
    let all = (0..20).map(|_| api.submit(request("k", "tests/one", json!({"n": 1}))));
    let all: Vec<_> = join_all(all).await.into_iter().map(|answer| answer.expect("an answer")).collect();
    assert_eq!(all.iter().filter(|submitted| submitted.created).count(), 1);
    assert!(all.iter().all(|submitted| submitted.execution_id == all[0].execution_id));
    let listed = api.executions(ExecutionQuery::default()).await.expect("a list").executions;
    assert_eq!(listed.len(), 1, "{listed:?}");
}

#[tokio::test]
async fn priority_goes_with_the_execution_and_has_bounds() {
    let bench = bench().await;
    let api = bench.runtime.api();
    let of = |priority| SubmitRequest { priority: Some(priority), ..SubmitRequest::new("tests/one", None) };
    let problem = api.submit(of(101)).await.expect_err("refused");
    assert_eq!(problem.code, "input_invalid");
    let id = api.submit(of(7)).await.expect("submitted").execution_id;
    let start = bench.store.execution_events(id, protocol::Position(0), 1).await.expect("readable");
    let start = serde_json::to_value(&start[0]).expect("an event is JSON");
    assert_eq!(start["data"]["priority"], 7, "{start}");
}
