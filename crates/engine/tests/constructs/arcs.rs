//! `next`.

use crate::{Case, case, of};
use serde_json::{Value, json};

fn ends(names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| json!({ "step": name, "type": "noop" })).collect()
}

/// A first step with this `next`, and steps after it; which of them run when it comes to `result`.
fn next(name: &'static str, next: Value, result: Value, run_then: &'static [&'static str]) -> Case {
    let mut workflow = vec![json!({ "step": "start", "type": "noop", "next": next })];
    workflow.extend(ends(&["a", "b", "c"]));
    case(name, of(json!(workflow)), move |run| {
        run.start(json!({}));
        run.complete("start", result.clone());
        assert_eq!(run.open(), run_then);
    })
}

pub(crate) fn cases() -> Vec<Case> {
    let mut exclusive = vec![json!({
        "step": "start", "mode": "exclusive",
        "next": [{ "step": "a", "when": "false" }, { "step": "b", "when": "true" }, { "step": "c" }],
    })];
    exclusive.extend(ends(&["a", "b", "c"]));
    vec![
        next("next: a name", json!("b"), json!(1), &["b"]),
        next("next: names are parallel branches", json!(["a", "c"]), json!(1), &["a", "c"]),
        next(
            "next: all arcs that match are taken",
            json!([{ "step": "a", "when": "{{ result.n > 1 }}" }, { "step": "b", "when": "result.n > 5" }, { "step": "c" }]),
            json!({ "n": 3 }),
            &["a", "c"],
        ),
        next(
            "when: true, yes and 1 are true, other text is not",
            json!([{ "step": "a", "when": "{{ 'Yes' }}" }, { "step": "b", "when": "{{ 'maybe' }}" }, { "step": "c", "when": "{{ 1 }}" }]),
            json!(1),
            &["a", "c"],
        ),
        next(
            "else: when nothing else matched",
            json!([{ "step": "a", "when": "result.n > 5" }, { "step": "b", "else": true }]),
            json!({ "n": 3 }),
            &["b"],
        ),
        case("mode: exclusive takes the first that matches", of(json!(exclusive)), |run| {
            run.start(json!({}));
            assert_eq!(run.open(), ["b"]);
        }),
        case(
            "when: an error fails the step and names the expression",
            of(
                json!([{ "step": "start", "type": "noop", "next": [{ "step": "start", "when": "{{ result.nope > 1 }}" }] }]),
            ),
            |run| {
                run.start(json!({}));
                run.complete("start", json!({}));
                assert_eq!(run.error().code, "condition_failed");
                assert!(run.error().message.contains("result.nope > 1"), "{}", run.error().message);
            },
        ),
        case(
            "arcs bring data: with, payload, input, args, data",
            of(json!([
                { "step": "start", "next": [
                    { "step": "a", "with": { "v": "{{ 1 + 1 }}" }, "payload": { "p": 1 }, "input": { "i": 1 }, "args": { "g": 1 }, "data": { "d": 1 } },
                ] },
                { "step": "a", "type": "noop", "data": { "v": 0, "own": 1 } },
            ])),
            |run| {
                run.start(json!({}));
                assert_eq!(run.input_of("a"), json!({ "v": 2, "own": 1, "p": 1, "i": 1, "g": 1, "d": 1 }));
            },
        ),
        case(
            "on: failed goes on, and knows the error; on: completed is the rule",
            of(json!([
                { "step": "start", "type": "noop", "next": [{ "step": "b", "on": "completed" }, { "step": "a", "on": "failed", "data": { "why": "{{ error.message }}" } }] },
                { "step": "a", "type": "noop" },
                { "step": "b", "type": "noop" },
            ])),
            |run| {
                run.start(json!({}));
                run.fail("start", "no luck");
                assert_eq!(run.open(), ["a"]);
                assert_eq!(run.input_of("a"), json!({ "why": "no luck" }));
            },
        ),
        case(
            "on: cancelled cleans up",
            of(json!([
                { "step": "start", "type": "noop", "next": [{ "step": "clean", "on": "cancelled" }] },
                { "step": "clean", "type": "noop" },
            ])),
            |run| {
                run.start(json!({}));
                run.input(engine::Input::Cancel { reason: "r".into(), by: "ann".into() });
                assert_eq!(run.open(), ["clean"]);
                run.complete("clean", json!(1));
                assert_eq!(run.outcome(), Some(protocol::Outcome::Cancelled));
            },
        ),
    ]
}
