//! Steps that are visited again.

use crate::scenario::Run;
use protocol::Outcome;
use serde_json::json;

#[test]
fn a_loop_visits_its_steps_again() {
    let mut run = Run::started(
        "
  - {step: start, next: [{step: count, data: {n: 0}}]}
  - {step: count, type: noop, next: [{step: work, when: result.n < 3}, {step: end, else: true}]}
  - {step: work, type: noop, data: {n: '{{ count.n + 1 }}'}, next: [{step: count, data: {n: '{{ result.n }}'}}]}
  - {step: end, result: '{{ count.n }}'}
",
    );
    run.finish(|task| (*task.input).clone());
    assert_eq!(run.result(), json!(3));
    assert_eq!(run.lines().iter().filter(|line| *line == "step_started(count)").count(), 4);
    assert_eq!(run.lines().iter().filter(|line| *line == "step_started(work)").count(), 3);
}

#[test]
fn a_loop_beside_another_branch_does_not_wait_for_it() {
    let mut run = Run::started(
        "
  - {step: start, next: [poll, other]}
  - {step: poll, type: noop, next: [{step: poll, when: not result.done}, {step: end, when: result.done}]}
  - {step: other, type: noop, next: end}
  - {step: end, type: noop}
",
    );
    for visit in 2..5 {
        run.complete("poll", json!({"done": false}));
        assert_eq!(run.task("poll").key.visit, visit);
    }
    run.complete("other", json!(1));
    assert_eq!(run.open(), ["poll"]);
    run.complete("poll", json!({"done": true}));
    assert_eq!(run.open(), ["end"]);
}

#[test]
fn a_runaway_loop_is_stopped_with_a_clear_error() {
    let mut run = Run::started("\n  - {step: start, next: a}\n  - {step: a, type: noop, next: a}\n");
    run.finish(|_| json!(1));
    assert_eq!(run.lines().iter().filter(|line| *line == "step_started(a)").count(), 1000);
    assert_eq!(run.outcome(), Some(Outcome::Failed));
    assert_eq!((run.error().code.as_str(), run.error().step.as_deref()), ("visit_limit", Some("a")));
}

#[test]
fn a_runaway_loop_of_control_steps_is_stopped_too() {
    for steps in [
        "\n  - {step: start, next: a}\n  - {step: a, next: a}\n",
        "\n  - {step: start, next: a}\n  - {step: a, next: b}\n  - {step: b, next: [a, c]}\n  - {step: c, join: any, next: c}\n",
    ] {
        let run = Run::started(steps);
        assert_eq!(run.error().code, "visit_limit");
        assert_eq!(run.lines(), ["execution_start", "execution_complete"]);
    }
}

#[test]
fn a_loop_of_control_steps_can_count_with_data() {
    let run = Run::started(
        "
  - {step: start, next: [{step: r, data: {n: 1}}]}
  - {step: r, next: [{step: r, when: n < 5, data: {n: '{{ n + 1 }}'}}, {step: a, else: true, data: {n: '{{ n }}'}}]}
  - {step: a, type: noop}
",
    );
    assert_eq!(run.input_of("a"), json!({"n": 5}));
}

#[test]
fn many_first_visits_are_no_runaway() {
    let steps: String = (0..1500).map(|n| format!("  - {{step: s{n}, type: noop, next: s{}}}\n", n + 1)).collect();
    let mut run = Run::started(&format!("\n  - {{step: start, next: s0}}\n{steps}  - {{step: s1500, type: noop}}\n"));
    run.finish(|_| json!(1));
    assert_eq!(run.outcome(), Some(Outcome::Completed));
}
