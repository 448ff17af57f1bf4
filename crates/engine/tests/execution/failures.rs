//! Actions that fail.

use crate::scenario::Run;
use protocol::{Event, Outcome};
use serde_json::json;

const BRANCHES: &str = "
  - {step: start, next: [a, b, c]}
  - {step: a, type: noop, next: end}
  - {step: b, type: noop, next: end}
  - {step: c, type: noop, next: end}
  - {step: end, type: noop}
";

#[test]
fn a_failure_without_arc_cancels_the_siblings_and_names_step_attempt_and_cause() {
    let mut run = Run::started(BRANCHES);
    run.complete("a", json!(1));
    run.claim("c");
    let decision = run.fail("b", "the disk is full");
    let mut settled: Vec<&str> = decision.settled.iter().map(|key| key.step.as_str()).collect();
    settled.sort_unstable();
    assert_eq!(settled, ["b", "c"]);
    assert_eq!(run.outcome(), Some(Outcome::Failed));
    let error = run.error();
    assert_eq!(error.code, "boom");
    assert_eq!(error.message, "step `b` failed (attempt 1): the disk is full");
    assert_eq!((error.step.as_deref(), error.attempt), (Some("b"), Some(1)));
    let lines = run.lines();
    assert_eq!(lines[lines.len() - 3..], ["action_failed(b)", "step_failed(b)", "execution_complete"]);
    assert_eq!(run.result(), json!(null));
}

#[test]
fn a_result_with_status_error_is_a_failure() {
    for (result, message) in [
        (json!({"status": "error", "error": "no route"}), "no route"),
        (json!({"status": "error", "error": {"message": "deep"}}), "deep"),
        (json!({"status": "error", "message": "told"}), "told"),
        (json!({"status": "error"}), "the action returned `status: error`"),
    ] {
        let mut run = Run::started(BRANCHES);
        run.complete("a", result.clone());
        assert_eq!(run.error().code, "status_error");
        assert!(run.error().message.ends_with(message), "{}", run.error().message);
        let failed = run.log.iter().find_map(|(event, _)| match event {
            Event::ActionFailed(event) => Some(event),
            _ => None,
        });
        assert_eq!(*failed.unwrap().result.clone().unwrap(), result, "what it returned is kept");
    }
}

#[test]
fn other_statuses_are_no_failure() {
    for result in [
        json!({"status": "failed?"}),
        json!({"status": 500}),
        json!({"status": "success"}),
        json!("error"),
        json!(null),
    ] {
        let mut run = Run::started(BRANCHES);
        run.complete("a", result);
        assert_eq!(run.outcome(), None);
    }
}

#[test]
fn arcs_for_failure_are_taken_instead() {
    let mut run = Run::started(
        "
  - {step: start, next: a}
  - {step: a, type: noop, next: [{step: fine}, {step: repair, on: failed, data: {code: '{{ error.code }}', what: '{{ a.error.message }}', step: '{{ error.step }}'}}]}
  - {step: fine, type: noop}
  - {step: repair, type: noop}
",
    );
    run.fail("a", "oh");
    assert_eq!(run.open(), ["repair"]);
    assert_eq!(run.input_of("repair"), json!({"code": "boom", "what": "oh", "step": "a"}));
    run.finish(|_| json!({"repaired": true}));
    assert_eq!(run.outcome(), Some(Outcome::Completed));
    assert_eq!(run.result(), json!({"repaired": true}));
}

#[test]
fn arcs_for_failure_are_not_taken_on_success() {
    let mut run = Run::started(
        "\n  - {step: start, next: a}\n  - {step: a, type: noop, next: [{step: fine}, {step: repair, on: failed}]}\n  - {step: fine, type: noop}\n  - {step: repair, type: noop}\n",
    );
    run.complete("a", json!(1));
    assert_eq!(run.open(), ["fine"]);
    assert_eq!(run.arcs(), ["start→a", "a→fine"]);
}

#[test]
fn arcs_for_failure_that_do_not_match_leave_it_a_failure() {
    let mut run = Run::started(
        "\n  - {step: start, next: a}\n  - {step: a, type: noop, next: [{step: repair, on: failed, when: \"error.code == 'other'\"}]}\n  - {step: repair, type: noop}\n",
    );
    run.fail("a", "oh");
    assert_eq!(run.outcome(), Some(Outcome::Failed));
    assert_eq!(run.arcs(), ["start→a", "a-x-repair"]);
}

#[test]
fn an_arc_for_failure_that_fails_itself_is_told_too() {
    let mut run = Run::started(
        "\n  - {step: start, next: a}\n  - {step: a, type: noop, next: [{step: repair, on: failed, when: nope}]}\n  - {step: repair, type: noop}\n",
    );
    run.fail("a", "oh");
    assert!(run.error().message.contains("oh"), "{}", run.error().message);
    assert!(run.error().message.contains("`nope` is not defined"), "{}", run.error().message);
}

#[test]
fn a_step_that_cannot_be_rendered_starts_and_fails() {
    for field in [
        "endpoint: 'http://x/{{ nope }}'",
        "endpoint: x, data: {v: '{{ nope }}'}",
        "endpoint: x, headers: {a: '{{ nope.b }}'}",
    ] {
        let run = Run::started(&format!("\n  - {{step: start, next: a}}\n  - {{step: a, type: http, {field}}}\n"));
        assert_eq!(run.lines(), ["execution_start", "step_started(a)", "step_failed(a)", "execution_complete"]);
        assert_eq!(run.error().code, "template_failed");
        assert!(run.error().message.contains("`nope` is not defined"), "{}", run.error().message);
        assert!(run.tasks.is_empty());
    }
}

#[test]
fn tasks_of_the_failing_decision_are_not_handed_out() {
    let run = Run::started(
        "\n  - {step: start, next: [a, b]}\n  - {step: a, type: noop}\n  - {step: b, type: noop, data: {x: '{{ nope }}'}}\n",
    );
    assert_eq!(run.outcome(), Some(Outcome::Failed));
    assert!(run.tasks.is_empty());
}
