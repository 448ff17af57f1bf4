//! What expressions see.

use crate::{Case, case, with};
use serde_json::{Value, json};

/// What an expression comes to after `a` came to `result`.
fn see(name: &'static str, result: Value, expressions: &'static [(&'static str, &'static str)]) -> Case {
    let list: Vec<String> = expressions.iter().map(|(expression, _)| format!("{{{{ {expression} }}}}")).collect();
    let workflow = json!([
        { "step": "start", "next": "a" },
        { "step": "a", "type": "noop", "next": [{ "step": "b", "data": { "seen": list } }] },
        { "step": "b", "type": "noop" },
    ]);
    case(name, with(json!({ "workload": { "w": 5 } }), workflow), move |run| {
        run.start(json!({}));
        run.complete("a", result.clone());
        let seen = run.input_of("b")["seen"].clone();
        for ((expression, expect), seen) in expressions.iter().zip(seen.as_array().unwrap()) {
            assert_eq!(seen, &serde_json::from_str::<Value>(expect).unwrap(), "{expression}");
        }
    })
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        see("workload, work and context", json!(1), &[("workload.w", "5"), ("work.w", "5"), ("context.w", "5")]),
        see("execution_id", json!(1), &[("execution_id", "\"01998c4e-9c1b-7d2e-8a10-0123456789ab\"")]),
        see(
            "a step's result under its name, and as result",
            json!({ "x": 1 }),
            &[("a.x", "1"), ("result.x", "1"), ("this.x", "1")],
        ),
        see(
            "an envelope with status is its data, in three ways",
            json!({ "status": "success", "data": { "x": 1 } }),
            &[("a.x", "1"), ("a.data.x", "1"), ("a.result.data.x", "1"), ("a.status", "\"success\"")],
        ),
        see(
            "an envelope with id, too",
            json!({ "id": "i", "data": [1, 2] }),
            &[("a[1]", "2"), ("a | length", "2"), ("a.id", "\"i\"")],
        ),
        see("what is no envelope has data all the same", json!({ "x": 1 }), &[("a.data.x", "1"), ("a.result.x", "1")]),
        see(
            "undefined names can be asked for",
            json!({ "x": 1 }),
            &[("a.y | default(3)", "3"), ("nope is defined", "false"), ("a.get('y', 4)", "4")],
        ),
    ]
}
