//! The result of an execution.

use crate::scenario::Run;
use protocol::Outcome;
use serde_json::json;

#[test]
fn the_result_of_an_end_is_rendered_over_the_whole_context() {
    for name in ["end", "End", "END"] {
        let mut run = Run::started(&format!(
            "
  - {{step: start, next: [a, b]}}
  - {{step: a, type: noop, next: [{{step: {name}, data: {{from_a: 7}}}}]}}
  - {{step: b, type: noop, next: {name}}}
  - {{step: {name}, result: {{sum: '{{{{ a.n + b.n }}}}', given: '{{{{ from_a }}}}', id: '{{{{ execution_id }}}}'}}}}
"
        ));
        run.finish(|task| if task.key.step == "a" { json!({"n": 1}) } else { json!({"n": 2}) });
        assert_eq!(run.result(), json!({"sum": 3, "given": 7, "id": run.execution.id().to_string()}));
    }
}

#[test]
fn without_result_it_is_that_of_the_end_or_of_the_last_step() {
    for (steps, expect) in [
        ("\n  - {step: start, next: a}\n  - {step: a, type: noop, next: end}\n  - {step: end}\n", json!("a")),
        (
            "\n  - {step: start, next: a}\n  - {step: a, type: noop, next: end}\n  - {step: end, type: noop}\n",
            json!("end"),
        ),
        (
            "\n  - {step: start, next: a}\n  - {step: a, type: noop, next: end}\n  - {step: end, save: {storage: event_log, data: 5}}\n",
            json!(5),
        ),
        ("\n  - {step: start, next: a}\n  - {step: a, type: noop}\n", json!("a")),
        (
            "\n  - {step: start, next: a}\n  - {step: a, type: noop, next: done}\n  - {step: done, type: end, result: '{{ a ~ 1 }}'}\n",
            json!("a1"),
        ),
        ("\n  - {step: start, next: end}\n  - {step: end}\n", json!(null)),
    ] {
        let mut run = Run::started(steps);
        run.finish(|task| json!(task.key.step));
        assert_eq!(run.result(), expect, "{steps}");
    }
}

#[test]
fn the_result_of_an_end_that_was_not_reached_is_not_rendered() {
    let mut run = Run::started(
        "\n  - {step: start, next: a}\n  - {step: a, type: noop, next: [{step: end, when: 'false'}]}\n  - {step: end, result: '{{ nope }}'}\n",
    );
    run.finish(|_| json!("a"));
    assert_eq!((run.outcome(), run.result()), (Some(Outcome::Completed), json!("a")));
}

#[test]
fn a_result_that_fails_fails_the_execution_and_names_the_end() {
    let mut run = Run::started(
        "\n  - {step: start, next: a}\n  - {step: a, type: noop, next: end}\n  - {step: end, result: {x: '{{ nope }}'}}\n",
    );
    run.finish(|_| json!("a"));
    assert_eq!(run.error().code, "template_failed");
    assert_eq!(run.error().step.as_deref(), Some("end"));
    assert!(run.error().message.contains("`result.x`"), "{}", run.error().message);
}

#[test]
fn an_end_does_not_end_what_other_branches_do() {
    let mut run = Run::started(
        "\n  - {step: start, next: [end, a]}\n  - {step: a, type: noop, next: b}\n  - {step: b, type: noop}\n  - {step: end}\n",
    );
    assert_eq!(run.outcome(), None);
    run.finish(|_| json!(1));
    assert_eq!(run.lines().last().map(String::as_str), Some("execution_complete"));
}
