//! What a step runs on.

use crate::scenario::Run;
use serde_json::json;

#[test]
fn input_is_the_steps_own_data_overlaid_by_that_of_the_arcs() {
    for (own, arc, expect) in [
        ("", "", json!({})),
        (", data: {a: 1, b: 2}", "", json!({"a": 1, "b": 2})),
        ("", ", data: {a: 3}", json!({"a": 3})),
        (", data: {a: 1, b: 2}", ", data: {b: 3, c: 4}", json!({"a": 1, "b": 3, "c": 4})),
        (", with: {a: 1}", ", payload: {b: 2}", json!({"a": 1, "b": 2})),
        (", args: {a: 1}", ", with: {a: 2}", json!({"a": 2})),
        (
            ", with: {a: 1, b: 1}, args: {b: 2}",
            ", input: {c: 3}, args: {d: 4}",
            json!({"a": 1, "b": 2, "c": 3, "d": 4}),
        ),
        (", data: {twice: '{{ n * 2 }}'}", ", data: {n: 21}", json!({"twice": 42, "n": 21})),
        (", data: '{{ workload }}'", "", json!({})),
    ] {
        let run = Run::started(&format!(
            "\n  - {{step: start, next: [{{step: a{arc}}}]}}\n  - {{step: a, type: noop{own}}}\n"
        ));
        assert_eq!(run.input_of("a"), expect, "{own} {arc}");
    }
}

#[test]
fn data_keeps_its_types() {
    let mut run = Run::started(
        "
  - {step: start, next: a}
  - {step: a, type: noop, next: [{step: b, data: {n: '{{ a.n }}', list: '{{ a.list }}', map: '{{ a.map }}', text: 'n={{ a.n }}', none: '{{ a.none }}', yes: '{{ a.n == 7 }}', f: '{{ a.n / 2 }}'}}]}
  - {step: b, type: noop}
",
    );
    run.complete("a", json!({"n": 7, "list": [1, {"x": null}], "map": {"k": "v"}, "none": null}));
    assert_eq!(
        run.input_of("b"),
        json!({"n": 7, "list": [1, {"x": null}], "map": {"k": "v"}, "text": "n=7", "none": null, "yes": true, "f": 3.5})
    );
}

#[test]
fn data_that_is_no_map_fails_the_step() {
    let mut run = Run::started(
        "\n  - {step: start, next: a}\n  - {step: a, type: noop, next: [{step: b, data: '{{ result.x }}'}]}\n  - {step: b, type: noop}\n",
    );
    run.complete("a", json!({"x": [1]}));
    assert_eq!(run.error().code, "template_failed");
    assert!(run.error().message.contains("it is a list, not a map"), "{}", run.error().message);
}

#[test]
fn a_whole_result_can_be_the_data() {
    let mut run = Run::started(
        "\n  - {step: start, next: a}\n  - {step: a, type: noop, next: [{step: b, data: '{{ result }}'}]}\n  - {step: b, type: noop}\n",
    );
    run.complete("a", json!({"status": "ok", "data": {"x": 1}}));
    assert_eq!(run.input_of("b"), json!({"x": 1}));
}

#[test]
fn data_of_an_arc_that_is_not_taken_is_not_rendered() {
    let mut run = Run::started(
        "\n  - {step: start, next: a}\n  - {step: a, type: noop, next: [{step: b, when: 'false', data: {x: '{{ nope }}'}}, {step: b}]}\n  - {step: b, type: noop}\n",
    );
    run.complete("a", json!(1));
    assert_eq!(run.open(), ["b"]);
}

#[test]
fn fields_of_the_action_see_the_data() {
    let run = Run::started(
        "\n  - {step: start, next: [{step: a, data: {host: example.org}}]}\n  - {step: a, type: http, url: 'https://{{ host }}/{{ page }}', data: {page: 7}, headers: {x-id: '{{ execution_id }}'}}\n",
    );
    let config = run.task("a").config.clone();
    assert_eq!(config["url"], "https://example.org/7");
    assert_eq!(config["headers"]["x-id"], run.execution.id().to_string());
    assert_eq!(config["data"], json!({"page": 7}));
}

#[test]
fn code_is_never_a_template() {
    let run = Run::started("\n  - {step: start, type: python, code: 'print(\"{{ nope }}\")', timeout_s: 1.5}\n");
    let task = run.task("start");
    assert_eq!(*task.config, json!({"code": "print(\"{{ nope }}\")"}));
    assert_eq!(task.timeout_ms, 1500);
}
