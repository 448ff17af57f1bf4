//! What names mean.

use crate::scenario::{Run, workflow};
use serde_json::{Value, json};

/// The value of an expression on the arc after step `a`, which returned `result`.
fn value(expression: &str, result: Value) -> Result<Value, String> {
    let steps = format!(
        "\n  - {{step: start, next: a}}\n  - {{step: a, type: noop, next: [{{step: b, data: {{v: {}}}}}]}}\n  - {{step: b, type: noop}}\nworkload: {{name: w, deep: {{x: [1, 2]}}}}\n",
        serde_json::to_string(&format!("{{{{ {expression} }}}}")).unwrap()
    );
    let mut run = Run::of(&workflow(&steps));
    run.start(json!({"name": "given"}));
    run.complete("a", result);
    match run.execution.error() {
        Some(error) => Err(error.message.clone()),
        None => Ok(run.input_of("b")["v"].clone()),
    }
}

#[test]
fn results_are_found_the_ways_public_playbooks_write_it() {
    let envelope = json!({"status": "success", "data": {"x": 1, "list": [3, 4]}, "meta": "m"});
    let plain = json!({"x": 1, "list": [3, 4]});
    for result in [&envelope, &plain] {
        for expression in [
            "a.x",
            "a.data.x",
            "a.result.data.x",
            "a.result.x",
            "result.x",
            "result.data.x",
            "this.x",
            "a['x']",
            "a.result['data']['x']",
        ] {
            assert_eq!(value(expression, result.clone()), Ok(json!(1)), "{expression} of {result}");
        }
        assert_eq!(value("a.list[-1]", result.clone()), Ok(json!(4)));
        assert_eq!(value("a", result.clone()), Ok(json!({"x": 1, "list": [3, 4]})));
        assert_eq!(value("a | length", result.clone()), Ok(json!(2)));
        assert_eq!(value("a.list | sum", result.clone()), Ok(json!(7)));
    }
    assert_eq!(value("a.status", envelope.clone()), Ok(json!("success")));
    assert_eq!(value("a.meta", envelope), Ok(json!("m")));
}

#[test]
fn results_of_other_shapes() {
    for (expression, result, expect) in [
        ("a", json!(5), json!(5)),
        ("a + 1", json!(5), json!(6)),
        ("a", json!("text"), json!("text")),
        ("a", json!(null), json!(null)),
        ("a is none", json!(null), json!(true)),
        ("a[0]", json!([7]), json!(7)),
        ("a.data[0]", json!([7]), json!(7)),
        ("a[0]", json!({"id": 1, "status": "ok", "data": [7]}), json!(7)),
        ("a.data[0]", json!({"id": 1, "status": "ok", "data": [7]}), json!(7)),
        ("a.id", json!({"id": 1, "data": [7]}), json!(1)),
        ("a.data", json!({"status": "ok", "data": 5}), json!(5)),
        ("a", json!({"status": "ok", "data": "t"}), json!("t")),
        ("a.rows[0].n", json!({"rows": [{"n": 2}], "row_count": 1}), json!(2)),
        ("a.items", json!({"items": [1]}), json!([1])),
        ("a.data.data", json!({"data": {"data": 1}}), json!(1)),
        ("a == {'x': 1}", json!({"x": 1}), json!(true)),
        ("a.x == a.y", json!({"x": {"k": [1]}, "y": {"k": [1]}}), json!(true)),
        ("a.big", json!({"big": 9_007_199_254_740_993_i64}), json!(9_007_199_254_740_993_i64)),
        ("a.f", json!({"f": 1.5}), json!(1.5)),
        ("a | tojson", json!({"x": 1}), json!("{\"x\": 1}")),
    ] {
        assert_eq!(value(expression, result.clone()), Ok(expect), "{expression} of {result}");
    }
}

#[test]
fn the_workload_has_three_names() {
    for expression in ["workload.name", "work.name", "context.name"] {
        assert_eq!(value(expression, json!(1)), Ok(json!("given")));
    }
    assert_eq!(value("workload.deep.x[1]", json!(1)), Ok(json!(2)));
    assert_eq!(value("workload.deep", json!(1)), Ok(json!({"x": [1, 2]})));
}

#[test]
fn undefined_names_are_errors_and_are_named() {
    for (expression, name) in [
        ("nope", "`nope`"),
        ("nope == 1", "`nope`"),
        ("nope ~ 'x'", "`nope`"),
        ("[nope]", "`nope`"),
        ("workload.nope", "`workload.nope`"),
        ("workload.deep.nope == none", "`workload.deep.nope`"),
        ("a.nope in [1]", "`a.nope`"),
        ("not a.nope", "`a.nope`"),
        ("a.list[0].nope == 1", "`a.list[0].nope`"),
        ("b.x", "`b`"),
        ("1 if nope else 2", "`nope`"),
    ] {
        let error = value(expression, json!({"x": 1, "list": [{"y": 1}]})).unwrap_err();
        assert!(error.contains(&format!("{name} is not defined")), "{expression}: {error}");
    }
}

#[test]
fn missing_names_can_be_asked_for() {
    for (expression, expect) in [
        ("nope is defined", json!(false)),
        ("nope is undefined", json!(true)),
        ("nope | default('d')", json!("d")),
        ("workload.nope | default(3) + 1", json!(4)),
        ("a.nope | d(a.x)", json!(1)),
        ("a.x if a.x is defined else 0", json!(1)),
        ("a.nope is defined and a.nope == 1", json!(false)),
        ("b is defined", json!(false)),
        ("a.get('nope', 9)", json!(9)),
        ("'nope' in a", json!(false)),
        ("2 if true else nope", json!(2)),
        ("a.list | map(attribute='z', default=0) | list", json!([0, 5])),
        ("a.list | map('length') | list", json!([1, 1])),
        ("a.list | selectattr('z', 'defined') | list | length", json!(1)),
        ("range(3) | list", json!([0, 1, 2])),
    ] {
        assert_eq!(value(expression, json!({"x": 1, "list": [{"y": 1}, {"z": 5}]})), Ok(expect), "{expression}");
    }
}

#[test]
fn python_methods_work() {
    for (expression, expect) in [
        ("a.s.upper()", json!("AB C")),
        ("a.s.split(' ')", json!(["Ab", "c"])),
        ("a.s.replace('b', 'x')", json!("Ax c")),
        ("', '.join(['x', 'y'])", json!("x, y")),
        ("a.m.items() | list", json!([["k", 1]])),
        ("a.m.keys() | list", json!(["k"])),
    ] {
        assert_eq!(value(expression, json!({"s": "Ab c", "m": {"k": 1}})), Ok(expect), "{expression}");
    }
}
