//! `when`, `else`, `mode: exclusive`.

use crate::scenario::Run;
use serde_json::{Value, json};

/// Arcs taken from `a` when it returns `result` and has these entries of `next` (to b, c, d).
fn taken(mode: &str, next: &str, result: Value) -> Vec<String> {
    let mut run = Run::started(&format!(
        "\n  - {{step: start, next: a}}\n  - {{step: a, type: noop{mode}, next: [{next}]}}\n  - {{step: b, type: noop}}\n  - {{step: c, type: noop}}\n  - {{step: d, type: noop}}\n"
    ));
    run.complete("a", result);
    let mut open = run.open();
    open.sort();
    open
}

#[test]
fn a_condition_is_true_as_the_dialect_says() {
    for (when, result, expect) in [
        ("{{ result.x == true }}", json!({"x": true}), true),
        ("{{ result.x == true }}", json!({"x": false}), false),
        ("result.x", json!({"x": true}), true),
        ("result.x", json!({"x": "true"}), true),
        ("result.x", json!({"x": "Yes"}), true),
        ("result.x", json!({"x": "1"}), true),
        ("result.x", json!({"x": 1}), true),
        ("result.x", json!({"x": 2}), false),
        ("result.x", json!({"x": "no"}), false),
        ("result.x", json!({"x": [1]}), false),
        ("result.x", json!({"x": null}), false),
        ("result.x > 3 and a.x < 5", json!({"x": 4}), true),
        ("{{ result.x == 'its' }}", json!({"x": "its"}), true),
        ("{% if result.x %}yes{% else %}no{% endif %}", json!({"x": true}), true),
        ("{% if result.x %}yes{% else %}no{% endif %}", json!({"x": false}), false),
        ("true", json!(null), true),
        ("false", json!(null), false),
        ("result.items | length > 1", json!({"items": [1, 2]}), true),
        ("result.name.startswith('ab')", json!({"name": "abc"}), true),
        ("'x' in result", json!({"x": 1}), true),
        ("'y' in result", json!({"x": 1}), false),
        ("result.get('y') is none", json!({"x": 1}), true),
        ("result.y is defined", json!({"x": 1}), false),
        ("result.y | default(1) == 1", json!({"x": 1}), true),
    ] {
        // A JSON string is a YAML string; the two booleans are meant as such.
        let when =
            if matches!(when, "true" | "false") { when.to_owned() } else { serde_json::to_string(when).unwrap() };
        let next = format!("{{step: b, when: {when}}}");
        let got = taken("", &next, result.clone());
        assert_eq!(!got.is_empty(), expect, "{when} with {result}");
    }
}

#[test]
fn which_arcs_fire() {
    for (mode, next, result, expect) in [
        ("", "b, c", json!(1), vec!["b", "c"]),
        ("", "{step: b, when: result.x > 1}, {step: c, when: result.x > 2}, d", json!({"x": 3}), vec!["b", "c", "d"]),
        ("", "{step: b, when: result.x > 1}, {step: c, else: true}", json!({"x": 3}), vec!["b"]),
        ("", "{step: c, else: true}, {step: b, when: result.x > 1}", json!({"x": 1}), vec!["c"]),
        ("", "{step: b, when: 'false'}, {step: c, else: true}, d", json!(1), vec!["c", "d"]),
        (
            ", mode: exclusive",
            "{step: b, when: result.x > 1}, {step: c, when: result.x > 2}, d",
            json!({"x": 3}),
            vec!["b"],
        ),
        (
            ", mode: exclusive",
            "{step: b, when: result.x > 9}, {step: c, when: result.x > 2}, d",
            json!({"x": 3}),
            vec!["c"],
        ),
        (", mode: exclusive", "{step: b, when: result.x > 9}, d, c", json!({"x": 3}), vec!["d"]),
        (", mode: exclusive", "{step: b, when: result.x > 9}, {step: c, else: true}", json!({"x": 3}), vec!["c"]),
        (", mode: exclusive", "{step: b, when: 'true'}, {step: c, when: nonsense.x}", json!(1), vec!["b"]),
    ] {
        assert_eq!(taken(mode, next, result), expect, "{mode} {next}");
    }
}

#[test]
fn start_heeds_its_conditions() {
    let run = Run::started(
        "\n  - {step: start, next: [{step: a, when: 'false'}, {step: b, when: 'true'}]}\n  - {step: a, type: noop}\n  - {step: b, type: noop}\n",
    );
    assert_eq!(run.open(), ["b"]);
}

#[test]
fn a_failing_condition_fails_the_step_and_names_the_expression() {
    for (when, cause) in [
        ("{{ result.nope == 1 }}", "`result.nope` is not defined"),
        ("result.nope", "`result.nope` is not defined"),
        ("nope.x == 1", "`nope` is not defined"),
        ("a.nope != 1", "`a.nope` is not defined"),
        ("result.x + 'a' > 3", "invalid operation"),
        ("result.x.y.z == 1", "`result.x.y` is not defined"),
        ("result.x.y == 1", "`result.x.y` is not defined"),
        ("result['nope'] != 1", "is not defined"),
        ("1 if result.x.y else 2", "is not defined"),
        ("later.x == 1", "`later` is not defined"),
    ] {
        let quoted = serde_json::to_string(when).unwrap();
        let mut run = Run::started(&format!(
            "\n  - {{step: start, next: a}}\n  - {{step: a, type: noop, next: [{{step: later, when: {quoted}}}]}}\n  - {{step: later, type: noop}}\n"
        ));
        run.complete("a", json!({"x": 1}));
        let error = run.error();
        assert_eq!(error.code, "condition_failed", "{when}");
        assert_eq!((error.step.as_deref(), error.attempt), (Some("a"), Some(1)));
        for part in ["step `a` failed (attempt 1)", when, "next[0].when", cause] {
            assert!(error.message.contains(part), "{part:?} is not in {:?}", error.message);
        }
        assert_eq!(run.lines()[3..], ["action_completed(a)", "step_failed(a)", "execution_complete"]);
    }
}

#[test]
fn a_failing_condition_of_a_control_step_fails_that_step() {
    let mut run = Run::started(
        "\n  - {step: start, next: a}\n  - {step: a, type: noop, next: r}\n  - {step: r, next: [{step: b, when: nope == 1}]}\n  - {step: b, type: noop}\n",
    );
    run.complete("a", json!(1));
    assert_eq!(run.lines()[4..], ["step_completed(a)", "step_failed(r)", "execution_complete"]);
    assert_eq!(run.error().step.as_deref(), Some("r"));
    assert!(run.error().message.contains("`nope == 1`"), "{}", run.error().message);
}

#[test]
fn a_failing_condition_can_be_caught_by_an_arc() {
    let mut run = Run::started(
        "\n  - {step: start, next: a}\n  - {step: a, type: noop, next: [{step: b, when: nope == 1}, {step: c, on: failed, data: {why: '{{ error.message }}'}}]}\n  - {step: b, type: noop}\n  - {step: c, type: noop}\n",
    );
    run.complete("a", json!(1));
    assert_eq!(run.open(), ["c"]);
    assert!(run.input_of("c")["why"].as_str().unwrap().contains("`nope` is not defined"));
}
