//! Reruns: what an execution takes over from the one it repeats.

use crate::scenario::{Run, steps, workflow};
use engine::{Input, Reuse, reuse_from};
use protocol::{
    Event, ExecutionId, Outcome,
    event::{Origin, Rerun},
};
use serde_json::{Value, json};
use std::sync::Arc;

fn reuse(run: &Run, from: Option<&str>) -> Result<Reuse, String> {
    let events = run.log.iter().map(|(event, _)| event);
    reuse_from(&run.playbook, run.execution.id(), events, from).map_err(|error| error.code)
}

/// Starts a rerun of `old`.
fn rerun(old: &Run, source: &str, from: Option<&str>, input: Value) -> Run {
    let id: ExecutionId = "01998c4e-9c1b-7d2e-8a10-ffffffffffff".parse().unwrap();
    let mut run = Run::of(source);
    run.execution = engine::Execution::new(id);
    let events = old.log.iter().map(|(event, _)| event);
    let reuse = reuse_from(&run.playbook, old.execution.id(), events, from).unwrap();
    let origin =
        Origin { rerun: Some(Rerun { of: old.execution.id(), from: reuse.from.clone() }), ..Origin::default() };
    run.input(Input::Start {
        path: "tests/t".into(),
        version: 1,
        input: Arc::new(input),
        origin,
        reuse: Some(Arc::new(reuse)),
    });
    run
}

fn reused(run: &Run) -> Vec<String> {
    let of = |event: &Event| match event {
        Event::StepReused(event) => Some(format!("{}/{}", event.step, event.visit)),
        _ => None,
    };
    run.log.iter().filter_map(|(event, _)| of(event)).collect()
}

fn pipeline() -> String {
    workflow(&steps(&[
        "step: start, next: [load, look]",
        "step: load, type: noop, data: {n: '{{ workload.n }}'}, next: [{step: calc, data: {n: '{{ result.n }}'}}]",
        "step: look, type: noop, next: join",
        "step: calc, type: noop, next: join",
        "step: join, type: noop, data: {sum: '{{ calc.n + look.n }}'}, next: end",
        "step: end, result: '{{ join }}'",
    ]))
    .replace("workflow:", "workload: {n: 1}\nworkflow:")
}

/// `join` fails.
fn failed() -> Run {
    let mut run = Run::of(&pipeline());
    run.start(json!(null));
    run.complete("load", json!({"n": 10}));
    run.complete("look", json!({"n": 5}));
    run.complete("calc", json!({"n": 20}));
    run.fail("join", "boom");
    assert_eq!(run.outcome(), Some(Outcome::Failed));
    run
}

#[test]
fn it_goes_on_at_the_step_that_failed() {
    let old = failed();
    assert_eq!(reuse(&old, None).unwrap().from.as_deref(), Some("join"));
    let mut run = rerun(&old, &pipeline(), None, json!({}));
    assert_eq!(reused(&run), ["load/1", "look/1", "calc/1"]);
    assert_eq!(run.arcs(), ["start→load", "start→look", "load→calc", "look→join", "calc→join"]);
    assert_eq!((run.open(), run.input_of("join")), (vec!["join".to_owned()], json!({"sum": 25})));
    assert_eq!(run.execution.progress().completed, 3);
    let Event::StepReused(event) = &run.log[1].0 else { panic!("{:?}", run.lines()) };
    assert_eq!((event.of, &*event.input, &*event.result), (old.execution.id(), &json!({"n": 1}), &json!({"n": 10})));
    run.complete("join", json!("done"));
    assert_eq!((run.outcome(), run.result()), (Some(Outcome::Completed), json!("done")));
}

#[test]
fn it_begins_at_any_step_with_another_input() {
    let old = failed();
    for (from, kept) in [
        ("calc", vec!["load/1", "look/1"]),
        ("load", vec!["look/1"]),
        ("look", vec!["load/1", "calc/1"]),
        ("start", vec![]),
    ] {
        let mut run = rerun(&old, &pipeline(), Some(from), json!({"n": 7}));
        assert_eq!(reused(&run), kept, "{from}");
        if from == "load" {
            assert_eq!(run.input_of("load"), json!({"n": 7}), "what is done anew is done with the new input");
        }
        run.finish(|_| json!({"n": 1}));
        assert_eq!(run.outcome(), Some(Outcome::Completed), "{from}");
    }
}

#[test]
fn a_rerun_can_be_repeated() {
    let old = failed();
    let mut second = rerun(&old, &pipeline(), None, json!({}));
    second.fail("join", "again");
    let third = rerun(&second, &pipeline(), None, json!({}));
    assert_eq!(reused(&third), ["load/1", "look/1", "calc/1"]);
    let Event::StepReused(event) = &third.log[1].0 else { panic!() };
    assert_eq!((event.of, &*event.input), (second.execution.id(), &json!({"n": 1})));
}

#[test]
fn what_cannot_be_repeated_is_told() {
    let old = failed();
    assert_eq!(reuse(&old, Some("jion")), Err("unknown_step".to_owned()));
    let mut early = Run::of(&pipeline());
    early.start(json!(null));
    assert_eq!(reuse(&early, None), Err("not_ended".to_owned()));
    early.fail("load", "x");
    assert_eq!(reuse(&early, Some("calc")), Err("step_not_reached".to_owned()));
    assert_eq!(reuse(&early, None).unwrap().from.as_deref(), Some("load"));
}

#[test]
fn what_completed_is_done_anew_as_a_whole() {
    let mut old = Run::of(&pipeline());
    old.start(json!(null));
    old.finish(|_| json!({"n": 1}));
    let all = reuse(&old, None).unwrap();
    assert!(all.results.is_empty() && all.from.is_none());
    assert_eq!(reuse(&old, Some("join")).unwrap().results.len(), 3);
}

#[test]
fn a_condition_may_lead_elsewhere_now() {
    let source = workflow(&steps(&[
        "step: start, type: noop, next: [{step: a, when: workload.way == 'a'}, {step: b, when: workload.way == 'b'}]",
        "step: a, type: noop, next: end",
        "step: b, type: noop, next: end",
        "step: end, type: noop",
    ]))
    .replace("workflow:", "workload: {way: a}\nworkflow:");
    let mut old = Run::of(&source);
    old.start(json!(null));
    old.complete("start", json!(1));
    old.complete("a", json!(1));
    old.fail("end", "x");
    let run = rerun(&old, &source, None, json!({"way": "b"}));
    assert_eq!((reused(&run), run.open()), (vec!["start/1".to_owned()], vec!["b".to_owned()]));
}

#[test]
fn what_failed_and_was_handled_is_tried_again() {
    let source = workflow(&steps(&[
        "step: start, type: noop, next: [{step: end}, {step: repair, on: failed}]",
        "step: repair, type: noop, next: end",
        "step: end, type: noop",
    ]));
    let mut old = Run::of(&source);
    old.start(json!(null));
    old.fail("start", "x");
    old.complete("repair", json!(1));
    old.fail("end", "y");
    let mut run = rerun(&old, &source, None, json!({}));
    assert_eq!((reused(&run), run.open()), (vec![], vec!["start".to_owned()]));
    run.fail("start", "x");
    assert_eq!(run.open(), ["repair"], "only the beginning takes results over");
}

#[test]
fn visits_of_a_loop_keep_their_results() {
    let source = workflow(&steps(&[
        "step: start, next: [{step: count, data: {n: 0}}]",
        "step: count, type: noop, next: [{step: count, data: {n: '{{ result.n }}'}, when: result.n < 4}, {step: end, else: true}]",
        "step: end",
    ]));
    let mut old = Run::of(&source);
    old.start(json!(null));
    for n in 1..=2 {
        old.complete("count", json!({ "n": n }));
    }
    old.fail("count", "third");
    let mut run = rerun(&old, &source, None, json!({}));
    assert_eq!(
        (reused(&run), run.input_of("count")),
        (vec!["count/1".to_owned(), "count/2".to_owned()], json!({"n": 2}))
    );
    run.finish(|task| json!({"n": task.input["n"].as_i64().unwrap() + 1}));
    assert_eq!(run.execution.progress().completed, 1);
}

#[test]
fn arrivals_in_another_order_get_the_results_of_their_inputs() {
    let source = workflow(&steps(&[
        "step: start, next: [a, b]",
        "step: a, type: noop, next: [{step: each, data: {from: a}}]",
        "step: b, type: noop, next: [{step: each, data: {from: b}}]",
        "step: each, join: any, type: noop, next: last",
        "step: last, type: noop",
    ]));
    let mut old = Run::of(&source);
    old.start(json!(null));
    // `b` was the first to arrive; a rerun looks at `a` first.
    old.complete("b", json!(1));
    old.complete("each", json!("of b"));
    old.complete("a", json!(1));
    old.complete("each", json!("of a"));
    old.fail("last", "x");
    let run = rerun(&old, &source, None, json!({}));
    let results: Vec<(Value, Value)> = run
        .log
        .iter()
        .filter_map(|(event, _)| match event {
            Event::StepReused(e) if e.step == "each" => Some((e.input["from"].clone(), (*e.result).clone())),
            _ => None,
        })
        .collect();
    assert_eq!(results, [(json!("a"), json!("of a")), (json!("b"), json!("of b"))]);
}

#[test]
fn what_was_cancelled_goes_on_where_it_stopped_and_forgets_how_it_cleaned_up() {
    let source = workflow(&steps(&[
        "step: start, type: noop, next: a",
        "step: a, type: noop, next: [{step: end}, {step: end, on: cancelled}]",
        "step: end, type: noop",
    ]));
    let mut old = Run::of(&source);
    old.start(json!(null));
    old.complete("start", json!(1));
    old.input(Input::Cancel { reason: "r".into(), by: "b".into() });
    old.complete("end", json!("clean"));
    assert_eq!(old.outcome(), Some(Outcome::Cancelled));
    let mut run = rerun(&old, &source, None, json!({}));
    assert_eq!((reused(&run), run.open()), (vec!["start/1".to_owned()], vec!["a".to_owned()]));
    run.complete("a", json!(2));
    assert_eq!(run.open(), ["end"]);
}

#[test]
fn an_arc_that_fails_now_fails_the_step() {
    let source = |when: &str| {
        workflow(&steps(&[
            &format!("step: start, type: noop, next: [{{step: a, when: {when}}}]"),
            "step: a, type: noop",
        ]))
    };
    let mut old = Run::of(&source("result.n == 1"));
    old.start(json!(null));
    old.complete("start", json!({"n": 1}));
    old.fail("a", "x");
    let run = rerun(&old, &source("start.m == 1"), None, json!({}));
    assert_eq!(run.lines(), ["execution_start", "step_started(start)", "step_failed(start)", "execution_complete"]);
    assert!(run.error().message.contains("start.m"), "{}", run.error().message);
}

#[test]
fn another_version_takes_over_the_steps_it_still_has() {
    let old = failed();
    let renamed = pipeline().replace("look", "see");
    let run = rerun(&old, &renamed, None, json!({}));
    assert_eq!((reused(&run), run.open()), (vec!["load/1".to_owned(), "calc/1".to_owned()], vec!["see".to_owned()]));
}

#[test]
fn waits_answers_and_saves_are_taken_over_like_any_result() {
    let source = workflow(&steps(&[
        "step: start, type: wait, seconds: 60, next: ok",
        "step: ok, type: approval, next: keep",
        "step: keep, save: {storage: event_log, data: {by: '{{ ok.by }}'}}, next: last",
        "step: last, type: noop, data: {by: '{{ keep.by }}'}",
    ]));
    let mut old = Run::of(&source);
    old.start(json!(null));
    old.now = old.now.plus_ms(60_000);
    old.input(Input::Tick);
    old.input(crate::scenario::signal("ok", json!(true)));
    old.fail("last", "x");
    let run = rerun(&old, &source, None, json!({}));
    assert_eq!(reused(&run), ["start/1", "ok/1", "keep/1"]);
    assert_eq!(run.input_of("last"), json!({"by": "ann"}));
}

#[test]
fn the_list_of_an_iterator_and_the_result_of_a_child_are_taken_over_and_no_item_runs_again() {
    let source = workflow(&steps(&[
        "step: start, type: iterator, collection: [1, 2], element: n, mode: async, task: {type: noop}, next: child",
        "step: child, type: playbook, path: tests/child, next: keep",
        "step: keep, type: noop, save: {storage: sqlite, table: t, data: {n: 1}}, next: last",
        "step: last, type: noop, data: {list: '{{ start }}', child: '{{ child.n }}', kept: '{{ keep.k }}'}",
    ]));
    let mut old = Run::of(&source);
    old.start(json!(null));
    for n in [10, 20] {
        old.complete("start", json!(n));
    }
    old.complete("child", json!({"n": 7}));
    old.complete("keep", json!({"k": 8}));
    old.complete("keep", json!("saved"));
    old.fail("last", "x");
    let run = rerun(&old, &source, None, json!({}));
    assert_eq!(reused(&run), ["start/1", "child/1", "keep/1"]);
    assert_eq!(run.input_of("last"), json!({"list": [10, 20], "child": 7, "kept": 8}));
    assert_eq!(run.open(), ["last"]);
    // An iterator that was stopped in the middle is done anew as a whole.
    let mut half = Run::of(&source);
    half.start(json!(null));
    half.complete("start", json!(10));
    half.fail("start", "x");
    assert_eq!(rerun(&half, &source, None, json!({})).open(), ["start", "start"]);
}
