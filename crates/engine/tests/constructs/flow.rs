//! Where branches meet and where they end.

use crate::{Case, case, of};
use protocol::Outcome;
use serde_json::{Value, json};

fn noop(name: &str, next: Value) -> Value {
    json!({ "step": name, "type": "noop", "next": next })
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(
            "start: its arcs are evaluated like any other's",
            of(
                json!([{ "step": "start", "next": [{ "step": "a", "when": "false" }, { "step": "b" }] }, noop("a", json!([])), noop("b", json!([]))]),
            ),
            |run| {
                run.start(json!({}));
                assert_eq!(run.open(), ["b"]);
            },
        ),
        case("start: actionable, it runs", of(json!([noop("start", json!("end")), { "step": "end" }])), |run| {
            run.start(json!({}));
            run.complete("start", json!({ "ok": true }));
            assert_eq!(run.result(), json!({ "ok": true }));
        }),
        case(
            "end: the execution ends when no branch is live",
            of(
                json!([{ "step": "start", "next": ["a", "end"] }, noop("a", json!([])), { "step": "END", "desc": "also" }, { "step": "end" }]),
            ),
            |run| {
                run.start(json!({}));
                assert_eq!(run.outcome(), None, "`end` was reached and `a` still runs");
                run.complete("a", json!(1));
                assert_eq!(run.outcome(), Some(Outcome::Completed));
            },
        ),
        case(
            "end: actionable, it runs once, after the join; result is rendered over everything",
            of(json!([
                { "step": "start", "next": ["a", "b"] }, noop("a", json!("end")), noop("b", json!("end")),
                { "step": "end", "type": "noop", "result": { "both": "{{ [a.n, b.n, end.n] }}" } },
            ])),
            |run| {
                run.start(json!({}));
                run.complete("a", json!({ "n": 1 }));
                assert_eq!(run.open(), ["b"]);
                run.complete("b", json!({ "n": 2 }));
                run.complete("end", json!({ "n": 3 }));
                assert_eq!(run.result(), json!({ "both": [1, 2, 3] }));
            },
        ),
        case(
            "a branch that stops is complete",
            of(json!([{ "step": "start", "next": ["a", "b"] }, noop("a", json!([])), noop("b", json!([]))])),
            |run| {
                run.start(json!({}));
                run.complete("a", json!(1));
                run.complete("b", json!(2));
                assert_eq!((run.outcome(), run.result()), (Some(Outcome::Completed), json!(2)));
            },
        ),
        case(
            "join: all waits for every live branch, then runs once",
            of(
                json!([{ "step": "start", "next": ["a", "b"] }, noop("a", json!("c")), noop("b", json!([{ "step": "c", "when": "false" }])), { "step": "c", "type": "noop", "join": "all" }]),
            ),
            |run| {
                run.start(json!({}));
                run.complete("a", json!(1));
                assert_eq!(run.open(), ["b"]);
                run.complete("b", json!(1));
                assert_eq!(run.open(), ["c"], "a branch that went elsewhere no longer holds it back");
            },
        ),
        case(
            "joins that wait for each other fire",
            of(
                json!([{ "step": "start", "next": ["a", "b"] }, noop("a", json!([{ "step": "b", "when": "false" }])), noop("b", json!([{ "step": "a", "when": "false" }]))]),
            ),
            |run| {
                run.start(json!({}));
                assert_eq!(run.open(), ["a", "b"]);
            },
        ),
        case(
            "join: any runs per arrival",
            of(json!([
                { "step": "start", "next": [{ "step": "each", "data": { "n": 1 } }, { "step": "each", "data": { "n": 2 } }] },
                { "step": "each", "type": "noop", "join": "any" },
            ])),
            |run| {
                run.start(json!({}));
                let inputs: Vec<Value> = run.tasks.iter().map(|task| (*task.input).clone()).collect();
                assert_eq!(inputs, [json!({ "n": 1 }), json!({ "n": 2 })]);
            },
        ),
        case(
            "failure: without an arc for it the execution fails, and other branches are cancelled",
            of(json!([{ "step": "start", "next": ["a", "b"] }, noop("a", json!([])), noop("b", json!([]))])),
            |run| {
                run.start(json!({}));
                run.fail("a", "no luck");
                assert!(run.tasks.is_empty());
                assert_eq!((run.outcome(), run.error().step.as_deref()), (Some(Outcome::Failed), Some("a")));
            },
        ),
        case("a result with status: error is a failure", of(json!([noop("start", json!([]))])), |run| {
            run.start(json!({}));
            run.complete("start", json!({ "status": "error", "error": "bad" }));
            assert_eq!(run.error().code, "status_error");
        }),
        case(
            "loops: each visit is counted",
            of(
                json!([{ "step": "start", "next": [{ "step": "a", "data": { "n": 0 } }] }, noop("a", json!([{ "step": "a", "when": "result.n < 2", "data": { "n": "{{ result.n + 1 }}" } }]))]),
            ),
            |run| {
                run.start(json!({}));
                for visit in 1..=3 {
                    let task = run.task("a");
                    assert_eq!(task.key.visit, visit);
                    run.complete("a", (*task.input).clone());
                }
                assert_eq!(run.result(), json!({ "n": 2 }));
            },
        ),
        case("loops: a runaway is stopped with a clear error", of(json!([noop("start", json!("start"))])), |run| {
            run.start(json!({}));
            while run.outcome().is_none() {
                let task = run.tasks[0].clone();
                crate::scenario::decide(
                    run,
                    crate::scenario::report(crate::scenario::completed(task.key.clone(), json!(1))),
                );
                run.tasks = run
                    .execution
                    .open_tasks()
                    .map(|key| std::sync::Arc::new(protocol::Task { key, ..(*task).clone() }))
                    .collect();
            }
            assert_eq!(run.error().code, "visit_limit");
        }),
    ]
}
