//! How items run: one after the other or at once, failing, tried again, paused, lost.

use super::support::{begun, cities, complete, ended, fail, failed, item, open};
use crate::scenario::{Run, completed, report, workflow};
use engine::Input;
use protocol::{Outcome, TaskKey, TaskPart};
use serde_json::json;

#[test]
fn sequential_items_run_one_after_the_other() {
    let mut run = cities("task: {type: noop, data: {name: '{{ city.name }}'}}");
    assert_eq!(run.lines(), ["execution_start", "step_started(each)", "iterator_started(each)"]);
    for number in 0..4 {
        assert_eq!(open(&run), [number]);
        let task = item(&run, number);
        assert_eq!((task.protocol.as_str(), task.key.attempt, task.key.part), ("noop", 1, TaskPart::Action));
        complete(&mut run, number, (*task.input).clone());
    }
    let result = run.result();
    assert_eq!(result, json!([{"name": "Oslo"}, {"name": "Rome"}, {"name": "Bern"}, {"name": "Lima"}]));
    assert_eq!(
        run.lines()[run.lines().len() - 4..],
        ["action_completed(each)", "iterator_completed(each)", "step_completed(each)", "execution_complete"]
    );
    let end = ended(&run);
    assert_eq!((end.count, end.failed), (4, 0));
    assert_eq!((&end.result["status"], &end.result["data"]), (&json!("success"), &result));
    assert!(end.result["id"].as_str().unwrap().ends_with("/each/1"));
}

#[test]
fn async_items_run_as_many_at_once_as_told_and_others_follow() {
    let mut run = cities("mode: async, concurrency: '{{ workload.many }}', task: {type: noop}");
    assert_eq!(begun(&run).concurrency, 2);
    assert_eq!(open(&run), [0, 1]);
    complete(&mut run, 1, json!("b"));
    assert_eq!(open(&run), [0, 2]);
    complete(&mut run, 2, json!("c"));
    complete(&mut run, 3, json!("d"));
    assert_eq!(open(&run), [0]);
    complete(&mut run, 0, json!("a"));
    assert_eq!(run.result(), json!(["a", "b", "c", "d"]), "in the order of the items");
    assert_eq!(open(&cities("mode: async, task: {type: noop}")), [0, 1, 2, 3], "8 at once unless told");
}

#[test]
fn an_empty_collection_completes_at_once() {
    for fields in ["where: 'false'", "limit: 0"] {
        let run = cities(&format!("{fields}, task: {{type: noop}}"));
        assert_eq!(
            run.lines()[1..],
            [
                "step_started(each)",
                "iterator_started(each)",
                "iterator_completed(each)",
                "step_completed(each)",
                "execution_complete"
            ]
        );
        assert_eq!(run.result(), json!([]));
    }
}

#[test]
fn a_failed_item_fails_the_step_and_stops_the_others() {
    let mut run = cities("mode: async, concurrency: 3, task: {type: noop}");
    complete(&mut run, 2, json!(1));
    assert_eq!(open(&run), [0, 1, 3]);
    fail(&mut run, 1);
    assert!(run.tasks.is_empty());
    let error = run.error();
    assert_eq!((error.code.as_str(), error.step.as_deref()), ("boom", Some("each")));
    assert!(error.message.contains("item 1: no luck"), "{}", error.message);
    assert_eq!(run.outcome(), Some(Outcome::Failed));
    assert_eq!(
        run.lines()[run.lines().len() - 3..],
        ["action_failed(each)", "step_failed(each)", "execution_complete"]
    );
}

#[test]
fn arcs_for_failure_are_taken_when_an_item_failed() {
    let mut run = Run::started(
        "
  - {step: start, type: iterator, collection: [1, 2, 3], element: n, mode: async, task: {type: noop}, next: [{step: fix, on: failed, data: {why: '{{ error.message }}'}}]}
  - {step: fix, type: noop}
",
    );
    fail(&mut run, 0);
    assert_eq!(run.open(), ["fix"]);
    assert_eq!(run.input_of("fix"), json!({"why": "item 0: no luck"}));
}

#[test]
fn errors_stand_in_the_place_of_items_when_told_so() {
    let mut run = cities("on_item_error: continue, task: {type: noop, data: {x: '{{ 10 // (city.n - 3) }}'}}");
    fail(&mut run, 0);
    // Item 1 cannot be rendered: it has failed before it began, and the next one follows.
    complete(&mut run, 2, json!("c"));
    complete(&mut run, 3, json!("d"));
    let result = run.result();
    assert_eq!(result[0], json!({"status": "error", "error": {"code": "boom", "message": "no luck"}}));
    assert_eq!(result[1]["error"]["code"], json!("template_failed"));
    assert_eq!((&result[2], &result[3]), (&json!("c"), &json!("d")));
    let end = ended(&run);
    assert_eq!((end.count, end.failed, &end.result["status"]), (4, 2, &json!("partial")));
}

#[test]
fn items_that_all_fail_before_they_begin_end_at_once() {
    let mut run = Run::of(&workflow(
        "\n  - {step: start, type: iterator, collection: '{{ range(5000) | list }}', element: n, on_item_error: continue, task: {type: noop, data: {x: '{{ nope }}'}}}\n",
    ));
    let decision = run.start(json!(null));
    assert_eq!(decision.events.len(), 5000 + 6);
    assert_eq!(ended(&run).failed, 5000);
}

#[test]
fn items_are_tried_again_by_themselves() {
    let mut run = cities(
        "mode: async, concurrency: 2, task: {type: noop, retry: {max_attempts: 2, initial_delay: 1, jitter: false, retry_when: 'not success or result.again'}}",
    );
    fail(&mut run, 0);
    assert_eq!(open(&run), [1, 0], "a retry keeps its place among those at once");
    assert_eq!(item(&run, 0).key.attempt, 2);
    complete(&mut run, 1, json!({"again": true}));
    assert_eq!(item(&run, 1).key.attempt, 2);
    assert_eq!(open(&run).len(), 2);
    run.now = run.now.plus_ms(2_000);
    complete(&mut run, 0, json!({"again": false}));
    run.now = run.now.plus_ms(2_000);
    complete(&mut run, 1, json!({"again": false, "n": 1}));
    complete(&mut run, 2, json!({"again": false}));
    fail(&mut run, 3);
    run.now = run.now.plus_ms(2_000);
    fail(&mut run, 3);
    assert!(run.error().message.contains("item 3: no luck"), "{:?}", run.error());
}

#[test]
fn the_steps_retry_and_time_are_those_of_items_that_have_none() {
    let run = cities("retry: 2, timeout_s: 7, heartbeat_s: 3, task: {type: noop}");
    assert_eq!((item(&run, 0).timeout_ms, item(&run, 0).heartbeat_ms), (7_000, Some(3_000)));
    let mut run = cities("retry: 2, timeout_s: 7, task: {type: noop, retry: false, timeout_s: 5}");
    assert_eq!(item(&run, 0).timeout_ms, 5_000);
    fail(&mut run, 0);
    assert_eq!(run.outcome(), Some(Outcome::Failed));
}

#[test]
fn a_pause_holds_items_back() {
    let mut run = cities("mode: async, concurrency: 2, task: {type: noop}");
    let first = item(&run, 0).key.clone();
    run.input(Input::Claim { key: first.clone(), worker: "w".into() });
    run.input(Input::Pause { reason: "r".into(), by: "ann".into() });
    assert_eq!(open(&run), [0], "what nobody has claimed waits");
    run.input(report(completed(first, json!("a"))));
    assert!(open(&run).is_empty());
    run.input(Input::Resume { by: "ann".into() });
    assert_eq!(open(&run), [1, 2]);
    for (number, result) in [(1, "b"), (2, "c"), (3, "d")] {
        complete(&mut run, number, json!(result));
    }
    assert_eq!(run.result(), json!(["a", "b", "c", "d"]));
}

#[test]
fn a_cancellation_stops_every_item() {
    let mut run = cities("mode: async, task: {type: noop}");
    run.input(Input::Cancel { reason: "r".into(), by: "ann".into() });
    assert!(run.tasks.is_empty());
    assert_eq!(run.outcome(), Some(Outcome::Cancelled));
}

#[test]
fn the_work_of_a_lost_worker_is_an_item_again() {
    let mut run = cities("task: {type: noop}");
    for attempt in 1..5 {
        let key = item(&run, 0).key.clone();
        assert_eq!(key.attempt, attempt);
        run.input(Input::Claim { key: key.clone(), worker: "w".into() });
        run.input(Input::Lost { key: key.clone(), worker: "w".into(), reason: "gone".into() });
        assert_eq!(open(&run), [0]);
        run.input(report(completed(key, json!("late"))));
        assert_eq!(run.lines().last().map(String::as_str), Some("report_late(each)"));
    }
    let key = item(&run, 0).key.clone();
    run.input(Input::Claim { key: key.clone(), worker: "w".into() });
    run.input(Input::Lost { key, worker: "w".into(), reason: "gone".into() });
    assert_eq!(run.error().code, "worker_lost");
}

#[test]
fn reports_count_once() {
    let mut run = cities("mode: async, concurrency: 2, task: {type: noop}");
    let key = item(&run, 0).key.clone();
    run.input(report(completed(key.clone(), json!("a"))));
    let before = run.log.len();
    for again in [completed(key.clone(), json!("b")), completed(TaskKey { item: Some(3), ..key.clone() }, json!("c"))] {
        run.input(report(again));
    }
    run.input(failed(key));
    assert_eq!(run.log.len(), before);
    assert_eq!(open(&run), [1, 2]);
}

#[test]
fn loops_visit_an_iterator_again() {
    let mut run = Run::started(
        "
  - {step: start, next: each}
  - {step: each, type: iterator, collection: [1, 2], element: n, mode: async, task: {type: noop}, next: [{step: each, when: 'result.data[0] == 0'}, {step: end, else: true}]}
  - {step: end, result: '{{ each }}'}
",
    );
    for result in [0, 1] {
        assert_eq!(item(&run, 0).key.visit, result + 1);
        complete(&mut run, 0, json!(result));
        complete(&mut run, 1, json!(result));
    }
    assert_eq!(run.result(), json!([1, 1]));
}

#[test]
fn a_join_waits_for_the_whole_iterator() {
    let mut run = Run::started(
        "
  - {step: start, next: [each, other]}
  - {step: each, type: iterator, collection: [1, 2], element: n, task: {type: noop}, next: join}
  - {step: other, type: noop, next: join}
  - {step: join, type: noop, data: {all: '{{ each }}'}}
",
    );
    run.complete("other", json!(1));
    complete(&mut run, 0, json!("a"));
    assert_eq!(run.open(), ["each"]);
    complete(&mut run, 1, json!("b"));
    assert_eq!(run.input_of("join"), json!({"all": ["a", "b"]}));
}
