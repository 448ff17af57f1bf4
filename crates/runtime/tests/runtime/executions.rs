//! Executions through the runtime on a real store: order, joins, cancel, places, failures.

use crate::support::{Bench, playbook};
use protocol::{Outcome, api::SubmitRequest};
use serde_json::json;
use store::sqlite::SqliteStore;
use worker::Run;

const CHAIN: &str = "
  - {step: start, next: a}
  - {step: a, type: noop, data: {n: 1}, next: b}
  - {step: b, type: noop, data: {n: '{{ a.n + 1 }}'}, next: end}
  - {step: end, result: {n: '{{ b.n }}'}}
";

async fn bench(places: usize) -> Bench {
    Bench::on(SqliteStore::in_memory().await.expect("a store"), places).await
}

#[tokio::test]
async fn a_chain_leaves_the_expected_events() {
    let bench = bench(1).await;
    let id = bench.submit(&playbook("chain", CHAIN), json!({})).await;
    assert_eq!(
        bench.ended(id).await,
        [
            "execution_start",
            "step_started a",
            "action_started a",
            "action_completed a",
            "step_completed a",
            "step_started b",
            "action_started b",
            "action_completed b",
            "step_completed b",
            "execution_complete",
        ]
    );
    let detail = bench.runtime.api().execution(id).await.expect("it exists");
    assert_eq!(detail.result, Some(json!({"n": 2})));
    assert_eq!(detail.summary.progress, 100.0);
    assert!(bench.store.open_tasks(None).await.expect("readable").is_empty());
}

#[tokio::test]
async fn events_name_what_led_to_them() {
    let bench = bench(1).await;
    let id = bench.submit(&playbook("chain", CHAIN), json!({})).await;
    bench.ended(id).await;
    let events = bench.store.execution_events(id, protocol::Position(0), 100).await.expect("readable");
    for pair in events.windows(2) {
        assert_eq!(pair[1].causation_id, Some(pair[0].id.to_string()), "{}", pair[1].event.name());
        assert_eq!(pair[1].correlation_id, Some(id.to_string()));
    }
}

#[tokio::test]
async fn parallel_branches_end_before_the_execution_does() {
    let bench = bench(8).await;
    let steps = "
  - {step: start, next: [a, b]}
  - {step: a, type: python, code: 'x', next: end}
  - {step: b, type: python, code: 'x', next: end}
  - {step: end}
";
    let id = bench.submit(&playbook("parallel", steps), json!({})).await;
    let (first, second) = (bench.arrival().await, bench.arrival().await);
    first.complete(json!({}));
    second.complete(json!({}));
    let log = bench.ended(id).await;
    assert_eq!(log.iter().filter(|line| line.starts_with("step_completed")).count(), 2);
    assert_eq!(log.last().map(String::as_str), Some("execution_complete"));
}

#[tokio::test]
async fn more_branches_than_places_all_run_and_none_twice() {
    let bench = bench(3).await;
    let branches: Vec<String> = (0..40).map(|n| format!("b{n}")).collect();
    let mut steps = format!("\n  - {{step: start, next: [{}]}}\n", branches.join(", "));
    for branch in &branches {
        steps.push_str(&format!("  - {{step: {branch}, type: python, code: 'x', next: end}}\n"));
    }
    steps.push_str("  - {step: end}\n");
    let id = bench.submit(&playbook("wide", &steps), json!({})).await;
    let mut held = Vec::new();
    let mut seen = Vec::new();
    while seen.len() < branches.len() {
        let arrived = bench.arrival().await;
        assert!(held.len() < 3, "a place was given away twice");
        seen.push(arrived.task.key.step.clone());
        held.push(arrived);
        if held.len() == 3 || seen.len() == branches.len() {
            held.drain(..).for_each(|arrived| arrived.complete(json!({})));
        }
    }
    let log = bench.ended(id).await;
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), branches.len());
    assert_eq!(log.iter().filter(|line| line.starts_with("step_started")).count(), branches.len());
    assert_eq!(log.iter().filter(|line| line.starts_with("action_started")).count(), branches.len());
}

#[tokio::test]
async fn cancel_stops_the_running_action_and_frees_its_place() {
    let bench = bench(1).await;
    let steps =
        "\n  - {step: start, next: slow}\n  - {step: slow, type: python, code: 'x', next: end}\n  - {step: end}\n";
    let source = playbook("slow", steps);
    let id = bench.submit(&source, json!({})).await;
    let running = bench.arrival().await;
    let detail = bench.runtime.api().cancel(id, Some("enough".into())).await.expect("cancelled");
    assert_eq!(detail.summary.outcome, Some(Outcome::Cancelled));
    assert!(bench.arrival().await.cancelled, "the action was told");
    running.complete(json!({"too": "late"}));
    let log = bench.ended(id).await;
    assert_eq!(log[log.len() - 2..], ["execution_cancelled", "execution_complete"]);
    bench.runtime.api().cancel(id, None).await.expect("cancelling twice is no error");

    let next = bench.submit(&source, json!({})).await;
    bench.arrival().await.complete(json!({}));
    bench.ended(next).await;
    let problem = bench.runtime.api().cancel(next, None).await.expect_err("it has ended");
    assert_eq!(problem.code, "already_ended");
}

#[tokio::test]
async fn a_panicking_provider_fails_the_step_and_nothing_else() {
    let bench = bench(1).await;
    let steps = "\n  - {step: start, next: a}\n  - {step: a, type: python, code: 'x', next: end}\n  - {step: end}\n";
    let id = bench.submit(&playbook("panics", steps), json!({})).await;
    drop(bench.arrival().await);
    bench.ended(id).await;
    let error = bench.runtime.api().execution(id).await.expect("it exists").summary.error.expect("it failed");
    assert_eq!((error.code.as_str(), error.step.as_deref()), ("provider_panicked", Some("a")));
    let next = bench.submit(&playbook("chain", CHAIN), json!({})).await;
    bench.ended(next).await;
}

#[tokio::test]
async fn a_failing_branch_cancels_its_siblings() {
    let bench = bench(8).await;
    let steps = "
  - {step: start, next: [good, bad]}
  - {step: good, type: python, code: 'x', next: end}
  - {step: bad, type: python, code: 'x', next: end}
  - {step: end}
";
    let id = bench.submit(&playbook("siblings", steps), json!({})).await;
    let (one, two) = (bench.arrival().await, bench.arrival().await);
    let (good, bad) = if one.task.key.step == "good" { (one, two) } else { (two, one) };
    bad.end(Run::failed(protocol::TaskError::new("python_exception", "ValueError: no")));
    assert!(bench.arrival().await.cancelled);
    drop(good);
    bench.ended(id).await;
    let summary = bench.runtime.api().execution(id).await.expect("it exists").summary;
    assert_eq!(summary.outcome, Some(Outcome::Failed));
    assert_eq!(summary.error.and_then(|error| error.step), Some("bad".into()));
    assert!(bench.store.open_tasks(None).await.expect("readable").is_empty());
}

#[tokio::test]
async fn what_cannot_be_submitted_is_named() {
    let bench = bench(1).await;
    let api = bench.runtime.api();
    let submit = |path: &str, input| SubmitRequest { input, ..SubmitRequest::new(path, None) };
    assert_eq!(api.submit(submit("nowhere", None)).await.expect_err("unknown").status, 404);
    api.register_playbook(&playbook("chain", CHAIN)).await.expect("valid");
    for input in [json!([1]), json!("x"), json!(7)] {
        let problem = api.submit(submit("tests/chain", Some(input))).await.expect_err("not an object");
        assert_eq!((problem.status, problem.code.as_str()), (422, "input_invalid"));
    }
    let problem = api.register_playbook("kind: [").await.expect_err("broken");
    assert!(!problem.diagnostics.is_empty());
    assert!(api.executions(Default::default()).await.expect("readable").executions.is_empty());
}

#[tokio::test]
async fn a_result_too_deep_to_store_fails_its_step_and_names_why() {
    let bench = bench(8).await;
    let steps = "
  - {step: start, next: [a, b]}
  - {step: a, type: python, code: 'x', next: [{step: end}, {step: rescue, on: failed}]}
  - {step: b, type: python, code: 'x', next: end}
  - {step: rescue, type: noop, next: end}
  - {step: end}
";
    let id = bench.submit(&playbook("deep", steps), json!({})).await;
    let deep = (0..150).fold(json!(1), |inner, _| json!([inner]));
    let (one, two) = (bench.arrival().await, bench.arrival().await);
    let (a, b) = if one.task.key.step == "a" { (one, two) } else { (two, one) };
    a.complete(json!({"deep": deep}));
    b.complete(json!({}));
    let log = bench.ended(id).await;
    assert!(log.contains(&"action_failed a".to_owned()), "{log:?}");
    assert!(log.contains(&"step_completed rescue".to_owned()), "{log:?}");
    assert_eq!(log.iter().filter(|line| *line == "step_completed b").count(), 1);
    let summary = bench.runtime.api().execution(id).await.expect("it exists").summary;
    assert_eq!(summary.outcome, Some(Outcome::Completed));
}

#[tokio::test]
async fn a_refused_result_costs_no_waiting_task_its_turn() {
    let bench = bench(2).await;
    let steps = "
  - {step: start, next: [a, b, c]}
  - {step: a, type: python, code: 'x', next: end}
  - {step: b, type: python, code: 'x', next: [{step: end}, {step: end, on: failed}]}
  - {step: c, type: python, code: 'x', next: end}
  - {step: end}
";
    let id = bench.submit(&playbook("turns", steps), json!({})).await;
    let deep = (0..150).fold(json!(1), |inner, _| json!([inner]));
    let (one, two) = (bench.arrival().await, bench.arrival().await);
    let (a, b) = if one.task.key.step == "a" { (one, two) } else { (two, one) };
    // Together: the claim of `c` and the report that cannot be stored wait for the same commit.
    a.complete(json!({}));
    b.complete(json!({"deep": deep}));
    let c = tokio::time::timeout(std::time::Duration::from_secs(20), bench.arrival()).await.expect("`c` gets its turn");
    assert_eq!(c.task.key.step, "c");
    c.complete(json!({}));
    let log = bench.ended(id).await;
    assert_eq!(log.iter().filter(|line| *line == "action_started c").count(), 1, "{log:?}");
}
