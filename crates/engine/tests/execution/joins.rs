//! Branches that come together.

use crate::scenario::{Run, completed, report};
use engine::Input;
use protocol::{Event, Outcome, TaskKey, TaskPart};
use serde_json::json;

/// `start` fans out to `a` and `b`, which join in `j`, after which comes `z`.
const DIAMOND: &str = "
  - {step: start, next: [a, b]}
  - {step: a, type: noop, next: [{step: j, data: {from: a, a: 1}}]}
  - {step: b, type: noop, next: [{step: j, data: {from: b, b: 2}}]}
  - {step: j, type: noop, next: z}
  - {step: z, type: noop}
";

#[test]
fn a_join_waits_for_all_branches_and_runs_once() {
    for order in [["a", "b"], ["b", "a"]] {
        let mut run = Run::started(DIAMOND);
        run.complete(order[0], json!(1));
        assert_eq!(run.open(), [order[1]]);
        run.complete(order[1], json!(1));
        assert_eq!(run.open(), ["j"]);
        assert_eq!(run.input_of("j"), json!({"from": order[1], "a": 1, "b": 2}), "data merges in the order of arrival");
        run.finish(|_| json!(1));
        assert_eq!(run.lines().iter().filter(|line| *line == "step_started(j)").count(), 1);
    }
}

#[test]
fn parallel_branches_both_complete_before_the_execution_does() {
    let mut run = Run::started(
        "
  - {step: start, next: hot_path}
  - {step: hot_path, next: [hot_task_a, hot_task_b]}
  - {step: hot_task_a, type: noop, next: end}
  - {step: hot_task_b, type: noop, next: end}
  - {step: end}
",
    );
    run.complete("hot_task_b", json!(1));
    assert_eq!(run.outcome(), None);
    run.complete("hot_task_a", json!(1));
    assert_eq!(run.outcome(), Some(Outcome::Completed));
    let lines = run.lines();
    let at = |line: &str| lines.iter().position(|found| found == line).unwrap();
    assert!(at("step_completed(hot_task_a)") < at("execution_complete"));
    assert!(at("step_completed(hot_task_b)") < at("execution_complete"));
}

#[test]
fn a_join_waits_for_branches_that_are_still_far_away() {
    let mut run = Run::started(
        "
  - {step: start, next: [a, x]}
  - {step: a, type: noop, next: j}
  - {step: x, type: noop, next: y}
  - {step: y, type: noop, next: j}
  - {step: j, type: noop}
",
    );
    run.complete("a", json!(1));
    assert_eq!(run.open(), ["x"]);
    run.complete("x", json!(1));
    assert_eq!(run.open(), ["y"]);
    run.complete("y", json!(1));
    assert_eq!(run.open(), ["j"]);
}

#[test]
fn a_branch_that_goes_elsewhere_no_longer_holds_the_join_back() {
    let mut run = Run::started(
        "
  - {step: start, next: [a, b]}
  - {step: a, type: noop, next: j}
  - {step: b, type: noop, next: [{step: j, when: result.join}, {step: other, else: true}]}
  - {step: other, type: noop}
  - {step: j, type: noop}
",
    );
    run.complete("a", json!(1));
    assert_eq!(run.open(), ["b"]);
    run.complete("b", json!({"join": false}));
    assert_eq!(run.open(), ["other", "j"]);
    run.finish(|_| json!(1));
    assert_eq!(run.outcome(), Some(Outcome::Completed));
}

#[test]
fn a_branch_that_just_stops_no_longer_holds_the_join_back() {
    let mut run = Run::started(
        "
  - {step: start, next: [a, b]}
  - {step: a, type: noop, next: j}
  - {step: b, type: noop, next: [{step: j, when: 'false'}]}
  - {step: j, type: noop}
",
    );
    run.complete("a", json!(1));
    run.complete("b", json!(1));
    assert_eq!(run.open(), ["j"]);
}

#[test]
fn control_steps_join_too() {
    let mut run = Run::started(
        "
  - {step: start, next: [a, b]}
  - {step: a, type: noop, next: [{step: gate, data: {a: 1}}]}
  - {step: b, type: noop, next: [{step: gate, data: {b: 2}}]}
  - {step: gate, next: [{step: z, data: {sum: '{{ a + b }}'}}]}
  - {step: z, type: noop}
",
    );
    run.complete("a", json!(1));
    assert_eq!(run.open(), ["b"]);
    run.complete("b", json!(1));
    assert_eq!(run.input_of("z"), json!({"sum": 3}));
}

#[test]
fn an_end_with_an_action_runs_once_after_the_join() {
    let mut run = Run::started(
        "
  - {step: start, next: [a, b, c]}
  - {step: a, type: noop, next: end}
  - {step: b, type: noop, next: end}
  - {step: c, type: noop, next: end}
  - {step: end, type: python, code: x}
",
    );
    for step in ["c", "a", "b"] {
        assert!(!run.open().contains(&"end".to_owned()));
        run.complete(step, json!(1));
    }
    run.complete("end", json!({"done": true}));
    assert_eq!(run.result(), json!({"done": true}));
    assert_eq!(run.lines().iter().filter(|line| *line == "step_started(end)").count(), 1);
}

#[test]
fn join_any_runs_at_each_arrival() {
    let mut run = Run::started(
        "
  - {step: start, next: [a, b]}
  - {step: a, type: noop, next: [{step: j, data: {from: a}}]}
  - {step: b, type: noop, next: [{step: j, data: {from: b}}]}
  - {step: j, type: noop, join: any}
",
    );
    run.complete("a", json!(1));
    assert_eq!(run.input_of("j"), json!({"from": "a"}));
    run.complete("b", json!(1));
    assert_eq!(run.input_of("j"), json!({"from": "b"}));
    let visits: Vec<u32> = run.tasks.iter().map(|task| task.key.visit).collect();
    assert_eq!(visits, [1, 2], "both visits are under way at once");
    run.finish(|_| json!(1));
}

#[test]
fn join_any_of_a_control_step_passes_each_arrival() {
    let mut run = Run::started(
        "
  - {step: start, next: [{step: r, data: {n: 1}}, {step: r, data: {n: 2}}, {step: r, data: {n: 3}}]}
  - {step: r, join: any, next: [{step: z, data: {n: '{{ n }}'}}]}
  - {step: z, type: noop, join: any}
",
    );
    let inputs: Vec<_> = run.tasks.iter().map(|task| task.input["n"].clone()).collect();
    assert_eq!(inputs, [json!(1), json!(2), json!(3)]);
    run.finish(|_| json!(1));
}

#[test]
fn joins_that_wait_for_each_other_fire_when_only_they_are_left() {
    // j and k lead to each other, so each could still reach the other; `last` comes after both.
    let mut run = Run::started(
        "
  - {step: start, next: [a, b]}
  - {step: a, type: noop, next: [j, last]}
  - {step: b, type: noop, next: k}
  - {step: j, type: noop, next: [{step: k, when: result.go}, {step: last, when: not result.go}]}
  - {step: k, type: noop, next: [{step: j, when: result.go}, {step: last, when: not result.go}]}
  - {step: last, type: noop}
",
    );
    run.complete("a", json!(1));
    assert_eq!(run.open(), ["b"]);
    run.complete("b", json!(1));
    assert_eq!(run.open(), ["j", "k"], "the circle fires, what comes after it does not");
    run.complete("j", json!({"go": false}));
    run.complete("k", json!({"go": false}));
    assert_eq!(run.open(), ["last"]);
    run.finish(|_| json!(1));
    assert_eq!(run.lines().iter().filter(|line| *line == "step_started(last)").count(), 1);
}

#[test]
fn a_branch_that_may_still_fail_holds_back_what_its_failure_leads_to() {
    let mut run = Run::started(
        "
  - {step: start, next: [a, b]}
  - {step: a, type: noop, next: clean}
  - {step: b, type: noop, next: [{step: clean, on: failed}]}
  - {step: clean, type: noop}
",
    );
    run.complete("a", json!(1));
    assert_eq!(run.open(), ["b"]);
    run.fail("b", "no");
    assert_eq!(run.open(), ["clean"]);
    run.finish(|_| json!(1));
    assert_eq!(run.outcome(), Some(Outcome::Completed));
}

#[test]
fn a_circle_of_steps_of_all_kinds_fires_in_order() {
    // `r` passes, `s` saves, `k` acts; each leads to the others.
    let mut run = Run::started(
        "
  - {step: start, next: [a, b, c]}
  - {step: a, type: noop, next: r}
  - {step: b, type: noop, next: s}
  - {step: c, type: noop, next: k}
  - {step: r, next: [{step: s, when: 'false'}, {step: k}]}
  - {step: s, save: {storage: event_log}, next: [{step: r, when: 'false'}, {step: k}]}
  - {step: k, type: noop, next: [{step: r, when: 'false'}, {step: s, when: 'false'}]}
",
    );
    for step in ["a", "b", "c"] {
        run.complete(step, json!(1));
    }
    // `r` went to `k`; then `s` and `k` are left, and lead to each other.
    assert_eq!(run.open(), ["k"]);
    run.finish(|_| json!(1));
    assert_eq!(run.outcome(), Some(Outcome::Completed));
    assert_eq!(run.lines().iter().filter(|line| *line == "step_started(s)").count(), 1);
}

/// Two visits of one step under way at once, and the saves end after both actions have: each visit goes on with what
/// its own action came to, also where its save is handed out anew.
#[test]
fn visits_of_a_step_that_overlap_keep_their_results_apart() {
    let mut run = Run::started(
        "
  - {step: start, next: [x, y]}
  - {step: x, type: noop, next: [{step: a, data: {from: x}}]}
  - {step: y, type: noop, next: [{step: a, data: {from: y}}]}
  - {step: a, type: noop, join: any, save: {storage: sqlite, table: t, data: {n: '{{ this.n }}', a: '{{ a.n }}', from: '{{ from }}'}}, next: [{step: z, when: '{{ a.n == result.n }}', data: {n: '{{ result.n }}', a: '{{ a.n }}', this: '{{ this.n }}', from: '{{ from }}'}}]}
  - {step: z, type: noop, join: any}
",
    );
    run.complete("x", json!(null));
    run.complete("y", json!(null));
    let key = |run: &Run, visit: u32, part: TaskPart| -> TaskKey {
        let task = run.tasks.iter().find(|task| task.key.visit == visit && task.key.part == part);
        task.unwrap_or_else(|| panic!("visit {visit} has no {part:?}")).key.clone()
    };
    for (visit, n) in [(1, 10), (2, 20)] {
        let key = key(&run, visit, TaskPart::Action);
        run.input(report(completed(key, json!({ "n": n }))));
    }
    // The first visit's save is lost with its worker, and rendered once more.
    let lost = key(&run, 1, TaskPart::Save);
    run.input(Input::Claim { key: lost.clone(), worker: "w".into() });
    run.input(Input::Lost { key: lost, worker: "w".into(), reason: "gone".into() });
    for (visit, saved) in [(1, json!({"n": 10, "a": 10, "from": "x"})), (2, json!({"n": 20, "a": 20, "from": "y"}))] {
        let key = key(&run, visit, TaskPart::Save);
        let task = run.tasks.iter().find(|task| task.key == key).unwrap();
        assert_eq!(*task.input, saved);
        run.input(report(completed(key, json!({"rows": 1}))));
    }
    let inputs = run.log.iter().filter_map(|(event, _)| match event {
        Event::StepStarted(event) if event.step == "z" => Some((*event.input).clone()),
        _ => None,
    });
    let expect =
        [json!({"n": 10, "a": 10, "this": 10, "from": "x"}), json!({"n": 20, "a": 20, "this": 20, "from": "y"})];
    assert_eq!(inputs.collect::<Vec<_>>(), expect);
}

/// The same where the save fails: what the arcs for that forward is of the visit that failed.
#[test]
fn a_visit_that_fails_tells_its_own_result() {
    let mut run = Run::started(
        "
  - {step: start, next: [x, y]}
  - {step: x, type: noop, next: a}
  - {step: y, type: noop, next: a}
  - {step: a, type: noop, join: any, save: {storage: sqlite, table: t}, next: [{step: z, on: failed, data: {n: '{{ result.n }}', a: '{{ a.n }}'}}]}
  - {step: z, type: noop, join: any}
",
    );
    run.complete("x", json!(null));
    run.complete("y", json!(null));
    for n in [10, 20] {
        let key = run.tasks.iter().find(|task| task.key.part == TaskPart::Action).unwrap().key.clone();
        run.input(report(completed(key, json!({ "n": n }))));
    }
    run.fail("a", "locked");
    assert_eq!(run.input_of("z"), json!({"n": 10, "a": 10}));
}
