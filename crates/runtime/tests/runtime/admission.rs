//! Playbooks that limit how many of their executions run at once, and how often they start.

use crate::{
    between::{Between, Through},
    clock::Clock,
    support::{Arrived, Bench, playbook},
};
use async_trait::async_trait;
use protocol::{
    Event, ExecutionId, Outcome, Phase, Timestamp,
    api::{RerunRequest, SubmitRequest},
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use store::{Commit, QueueFilter, Store, StoreError, sqlite::SqliteStore};

const STEPS: &str = "\n  - {step: start, type: python, code: x, next: end}\n  - {step: end}\n";

fn limited(limits: &str) -> String {
    playbook("limited", STEPS).replace("workflow:", &format!("workload: {{who: nobody}}\n{limits}\nworkflow:"))
}

async fn bench(limits: &str) -> Bench {
    let bench = Bench::on(SqliteStore::in_memory().await.expect("a store"), 8).await;
    bench.runtime.api().register_playbook(&limited(limits)).await.expect("a valid playbook");
    bench
}

async fn submit(bench: &Bench, input: Value) -> ExecutionId {
    let request = SubmitRequest { input: Some(input), ..SubmitRequest::new("tests/limited", None) };
    bench.runtime.api().submit(request).await.expect("submitted").execution_id
}

async fn phase(bench: &Bench, id: ExecutionId) -> Phase {
    bench.runtime.api().execution(id).await.expect("it exists").summary.status
}

async fn end(bench: &Bench, arrived: Arrived) {
    let id = arrived.task.key.execution_id;
    arrived.complete(json!(1));
    bench.ended(id).await;
}

#[tokio::test]
async fn a_place_goes_to_the_first_of_the_highest_priority() {
    let bench = bench("concurrency: 1").await;
    let running = submit(&bench, json!({})).await;
    let held = bench.arrival().await;
    let (second, third) = (submit(&bench, json!({})).await, submit(&bench, json!({})).await);
    let urgent = SubmitRequest { priority: Some(9), ..SubmitRequest::new("tests/limited", None) };
    let urgent = bench.runtime.api().submit(urgent).await.expect("submitted").execution_id;
    assert_eq!(bench.log(second).await, ["execution_queued"]);
    assert_eq!(phase(&bench, second).await, Phase::Initial);

    let mut order = vec![held.task.key.execution_id];
    let mut held = held;
    for _ in 0..3 {
        end(&bench, held).await;
        held = bench.arrival().await;
        order.push(held.task.key.execution_id);
        let running = order.len();
        let waiting = bench.store.queued_count(QueueFilter::default()).await.expect("a count");
        assert_eq!(waiting, 4 - running as u64, "one at once");
    }
    end(&bench, held).await;
    assert_eq!(order, [running, urgent, second, third]);
    let log = bench.log(third).await;
    assert_eq!(log[..3], ["execution_queued", "execution_start", "step_started start"]);
}

#[tokio::test]
async fn each_key_has_places_of_its_own() {
    let bench = bench("concurrency: {key: 'of-{{ workload.who }}', limit: 1}").await;
    let mut ids = Vec::new();
    for who in ["ada", "bob", "ada"] {
        ids.push(submit(&bench, json!({"who": who})).await);
    }
    let (one, two) = (bench.arrival().await, bench.arrival().await);
    assert_eq!(phase(&bench, ids[2]).await, Phase::Initial);
    let (of_ada, of_bob) = if one.task.key.execution_id == ids[0] { (one, two) } else { (two, one) };
    end(&bench, of_bob).await;
    assert_eq!(phase(&bench, ids[2]).await, Phase::Initial, "a place of somebody else");
    end(&bench, of_ada).await;
    end(&bench, bench.arrival().await).await;
    assert_eq!(phase(&bench, ids[2]).await, Phase::Completed);
}

#[tokio::test]
async fn no_more_than_may_wait_do() {
    let bench = bench("concurrency: {limit: 1, max_queued: 2}").await;
    submit(&bench, json!({})).await;
    let held = bench.arrival().await;
    let api = bench.runtime.api();
    let many = (0..10).map(|_| api.submit(SubmitRequest::new("tests/limited", None)));
    let answers = futures::future::join_all(many).await;
    let (taken, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(taken.len(), 2);
    for problem in refused.into_iter().filter_map(Result::err) {
        assert_eq!((problem.status, problem.code.as_str(), problem.temporary), (429, "queue_full", true));
    }
    end(&bench, held).await;
    for _ in 0..2 {
        end(&bench, bench.arrival().await).await;
    }
    let all = api.executions(Default::default()).await.expect("a list").executions;
    assert_eq!(all.len(), 3, "what was refused left nothing");
}

#[tokio::test]
async fn whoever_is_cancelled_leaves_the_queue_or_the_place() {
    let bench = bench("concurrency: 1").await;
    let first = submit(&bench, json!({})).await;
    let _held = bench.arrival().await;
    let (second, third) = (submit(&bench, json!({})).await, submit(&bench, json!({})).await);
    let api = bench.runtime.api();
    let cancelled = api.cancel(second, None).await.expect("cancelled");
    assert_eq!(cancelled.summary.outcome, Some(Outcome::Cancelled));
    api.cancel(first, None).await.expect("cancelled");
    loop {
        // The gate tells of the stopped task too.
        let arrived = bench.arrival().await;
        if arrived.task.key.execution_id == third {
            break end(&bench, arrived).await;
        }
    }
    assert_eq!(bench.log(second).await, ["execution_queued", "execution_cancelled", "execution_complete"]);
}

#[tokio::test]
async fn starts_are_spread_over_time() {
    let clock = Clock::at("2026-01-01T00:00:00Z");
    let bench = Bench::at(&clock, SqliteStore::in_memory().await.expect("a store")).await;
    let source = limited("rate: {limit: 1, per_s: 60}").replace("python, code: x", "noop");
    bench.runtime.api().register_playbook(&source).await.expect("a valid playbook");
    let ids = [submit(&bench, json!({})).await, submit(&bench, json!({})).await, submit(&bench, json!({})).await];
    bench.ended(ids[0]).await;
    assert_eq!(phase(&bench, ids[1]).await, Phase::Initial);
    clock.set("2026-01-01T00:01:00Z");
    clock.until(async || (phase(&bench, ids[1]).await == Phase::Completed).then_some(())).await;
    assert_eq!(phase(&bench, ids[2]).await, Phase::Initial);
    clock.set("2026-01-01T00:02:30Z");
    clock.until(async || (phase(&bench, ids[2]).await == Phase::Completed).then_some(())).await;
}

#[tokio::test]
async fn who_waited_before_a_restart_is_let_in_after_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("signalbox.db");
    let open = || async { SqliteStore::open(&path).await.expect("a store") };
    let bench = Bench::on(open().await, 8).await;
    bench.runtime.api().register_playbook(&limited("concurrency: 1")).await.expect("a valid playbook");
    let (first, second) = (submit(&bench, json!({})).await, submit(&bench, json!({})).await);
    let _held = bench.arrival().await;
    bench.runtime.shutdown().await;

    let bench = Bench::on(open().await, 8).await;
    let again = bench.arrival().await;
    assert_eq!(again.task.key.execution_id, first);
    assert_eq!(phase(&bench, second).await, Phase::Initial);
    end(&bench, again).await;
    end(&bench, bench.arrival().await).await;
    assert_eq!(phase(&bench, second).await, Phase::Completed);
}

#[tokio::test]
async fn a_place_that_was_never_given_back_holds_nobody_up() {
    let store: Arc<dyn Store> = SqliteStore::in_memory().await.expect("a store");
    let bench = Bench::on(store.clone(), 8).await;
    bench.runtime.api().register_playbook(&limited("concurrency: 1")).await.expect("a valid playbook");
    let gone = submit(&bench, json!({})).await;
    end(&bench, bench.arrival().await).await;
    // As if the process had died between the end and the giving back. Wait for the giving back first.
    while !store.permits("tests/limited").await.expect("readable").is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(store.acquire("tests/limited", gone, 1, protocol::Timestamp(0)).await.expect("an answer"));
    submit(&bench, json!({})).await;
    end(&bench, bench.arrival().await).await;
}

/// Takes no start of an execution that is to be too large.
struct Refuses;

#[async_trait]
impl Between for Refuses {
    async fn commit(&self, commit: &Commit) -> Result<(), StoreError> {
        let is_too_large = |event: &Event| match event {
            Event::ExecutionStart(start) => start.input["large"] == true,
            _ => false,
        };
        match commit.events.iter().any(|new| is_too_large(&new.event)) {
            true => Err(StoreError::Refused("it holds too many bytes".into())),
            false => Ok(()),
        }
    }
}

#[tokio::test]
async fn one_that_can_never_start_ends_and_the_others_go_on() {
    let bench = Bench::on(Through::to(SqliteStore::in_memory().await.expect("a store"), Refuses), 8).await;
    bench.runtime.api().register_playbook(&limited("concurrency: 1")).await.expect("a valid playbook");
    let first = submit(&bench, json!({})).await;
    let held = bench.arrival().await;
    assert_eq!(bench.store.permits("tests/limited").await.expect("places"), [first]);
    let (bad, good) = (submit(&bench, json!({"large": true})).await, submit(&bench, json!({})).await);
    end(&bench, held).await;
    let held = bench.arrival().await;
    assert_eq!(held.task.key.execution_id, good);
    end(&bench, held).await;
    bench.ended(bad).await;
    let detail = bench.runtime.api().execution(bad).await.expect("it exists");
    assert_eq!(detail.summary.outcome, Some(Outcome::Cancelled));
    // A place is given back when the end is told already.
    let all_are_free = async {
        while !bench.store.permits("tests/limited").await.expect("places").is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all_are_free).await.expect("every place is free");
}

#[tokio::test]
async fn a_rerun_that_waits_finds_what_it_is_to_take_over() {
    const TWO: &str = "
  - {step: start, type: python, code: x, next: second}
  - {step: second, type: python, code: x, next: end}
  - {step: end, result: '{{ start.n }}'}
";
    let bench = Bench::on(SqliteStore::in_memory().await.expect("a store"), 8).await;
    let api = bench.runtime.api();
    let source = playbook("limited", TWO).replace("workflow:", "concurrency: 1\nworkflow:");
    api.register_playbook(&source).await.expect("a valid playbook");
    let original = submit(&bench, json!({})).await;
    bench.arrival().await.complete(json!({"n": 7}));
    let second = bench.arrival().await;
    api.cancel(original, None).await.expect("cancelled");
    bench.ended(original).await;
    assert!(bench.arrival().await.cancelled);
    drop(second);

    submit(&bench, json!({})).await;
    let held = bench.arrival().await;
    let rerun = api.rerun(original, RerunRequest::default()).await.expect("submitted").execution_id;
    let behind = submit(&bench, json!({})).await;
    assert_eq!(phase(&bench, rerun).await, Phase::Initial);
    // Long after its end: what is kept of executions is over.
    let pruned = bench.store.prune(Timestamp(i64::MAX / 2), 10).await.expect("pruned");
    assert_eq!(pruned.executions, 0, "the original is still needed");
    held.complete(json!({"n": 1}));
    let held = bench.arrival().await;
    assert_eq!(held.task.key.step, "second");
    held.complete(json!({"n": 2}));
    let held = bench.arrival().await;
    assert_eq!((held.task.key.execution_id, held.task.key.step.as_str()), (rerun, "second"), "the first is taken over");
    held.complete(json!({"n": 3}));
    bench.ended(rerun).await;
    assert_eq!(api.execution(rerun).await.expect("it exists").result, Some(json!(7)));
    assert_eq!(bench.arrival().await.task.key.execution_id, behind);
}
