//! Templates are text with limits.

use crate::scenario::Run;
use serde_json::{Value, json};

/// What a block of text renders to.
fn text(template: &str) -> Result<Value, String> {
    let run = Run::started(&format!(
        "\n  - {{step: start, next: a}}\n  - {{step: a, type: noop, data: {{v: {}, n: 3, items: [1, 2]}}}}\n",
        serde_json::to_string(template).unwrap()
    ));
    match run.execution.error() {
        Some(error) => Err(error.message.clone()),
        None => Ok(run.input_of("a")["v"].clone()),
    }
}

#[test]
fn only_a_lone_expression_keeps_its_type() {
    for (template, expect) in [
        ("{{ 6 * 7 }}", json!(42)),
        ("{{ 1.5 * 2 }}", json!(3.0)),
        ("{{ '-' * 3 }}", json!("---")),
        ("{{ [0] * 3 }}", json!([0, 0, 0])),
        ("{{ 2 + 3 * 4 * 5 - 1 }}", json!(61)),
        ("{{ 2 * 3 ** 2 }}", json!(18)),
        ("{{ 12 / 4 * 3 }}", json!(9.0)),
        ("{{ -2 * -3 }}", json!(6)),
        ("{{ true * 3 }}", json!(3)),
        ("plain", json!("plain")),
        ("{{ 1 + 1 }}", json!(2)),
        ("  {{ [1] }}\n", json!([1])),
        ("{{- 5 -}}", json!(5)),
        ("{{ 1 }}{{ 2 }}", json!("12")),
        ("{{ 1 }} and {{ 2 }}", json!("1 and 2")),
        ("n {{ 1 }}", json!("n 1")),
        ("{{ 'a }} {{ b' }}", json!("a }} {{ b")),
        ("{{ {'a': 1} }}", json!({"a": 1})),
        ("{# nothing #}x", json!("x")),
        ("{% for i in [1, 2] %}{{ i }};{% endfor %}", json!("1;2;")),
        ("{% if 1 > 2 %}a{% else %}b{% endif %}", json!("b")),
        ("{% set x = 4 %}{{ x }}", json!("4")),
        ("{% raw %}{{ x }}{% endraw %}", json!("{{ x }}")),
        ("{{ none }}", json!(null)),
        ("ä {{ 'ö' }}", json!("ä ö")),
    ] {
        assert_eq!(text(template), Ok(expect), "{template}");
    }
}

#[test]
fn evaluation_is_bounded() {
    for (template, cause) in [
        ("{{ 'x' * 100000000 }}", "larger than"),
        ("{{ 'x' * 1000000000000 }}", "larger than"),
        ("a{{ 'x' * 50000000 }}", "larger than"),
        ("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}", "too many steps"),
        ("{{ range(100000000) | list }}", ""),
        ("{{ ('x' * 100000) | replace('x', 'y' * 100000) }}", "larger than"),
        ("{{ ('x' * 100000).replace('x', 'y' * 100000) }}", "larger than"),
        ("{{ ['x' * 100000] | map('replace', 'x', 'y' * 100000) | list }}", "larger than"),
        ("{{ ([0] * 100000000) | list | length }}", "larger than"),
        ("{{ (10000000 * [0]) | sum }}", "larger than"),
        ("{{ (['x' * 100000] * 10000) | tojson }}", "larger than"),
        ("{{ (['x' * 100000] * 10000) ~ '' }}", "larger than"),
        ("{{ ('x' * 1000000).join(range(1000)) }}", "larger than"),
        ("{{ range(1000) | join('x' * 1000000) }}", "larger than"),
        ("{{ '%1000000000d' | format(5) }}", "larger than"),
        ("{{ '%*d' | format(1000000000, 5) }}", "larger than"),
        ("{{ '{:>1000000000}'.format('x') }}", "larger than"),
        ("{{ 'x' | indent(1000000000, true) }}", "larger than"),
        ("{{ 'x' | indent(width=1000000000, first=true) }}", "larger than"),
        ("{{ [1] | batch(100000000, 'x') | list }}", "larger than"),
        ("{{ [1] | slice(100000000) | list }}", "larger than"),
        ("{{ 2 ** 9 * 'x' * 1000000 }}", "multiply"),
        (
            "{% set a = 'xxxxxxxxxxxxxxxx' %}{% set a = a ~ a ~ a ~ a ~ a ~ a ~ a ~ a %}{% set a = a ~ a ~ a ~ a ~ a ~ a ~ a ~ a %}{% set a = a ~ a ~ a ~ a ~ a ~ a ~ a ~ a %}{% set a = a ~ a ~ a ~ a ~ a ~ a ~ a ~ a %}{% set a = a ~ a ~ a ~ a ~ a ~ a ~ a ~ a %}{% set a = a ~ a ~ a ~ a ~ a ~ a ~ a ~ a %}{% set a = a ~ a ~ a ~ a ~ a ~ a ~ a ~ a %}{{ a | length }}",
            "larger than",
        ),
        ("{{ 1 / 0 }}", ""),
    ] {
        let error = text(template).unwrap_err();
        assert!(error.contains(cause), "{template}: {error}");
        assert!(error.len() < 1000, "{template}: the error is {} bytes", error.len());
    }
}

#[test]
fn errors_name_place_and_template() {
    let error = text("hello {{ nope.x }}").unwrap_err();
    for part in ["step `a`", "`hello {{ nope.x }}`", "`data.v`", "`nope` is not defined"] {
        assert!(error.contains(part), "{part:?} is not in {error:?}");
    }
}
