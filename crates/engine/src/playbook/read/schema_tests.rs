use super::schema;
use crate::playbook::{problems::Problems, read::parse, yaml};
use serde_json::Value;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/playbook.schema.json");
const HEAD: &str = "apiVersion: signalbox/v1\nkind: Playbook\nmetadata: {name: t, path: tests/t}\n";

/// Whether a value fits, and where it does not. Knows the words the schema uses, and no others.
fn check(schema: &Value, value: &Value, root: &Value, place: &str) -> Result<(), String> {
    let Some(words) = schema.as_object() else { panic!("not a schema: {schema}") };
    for (word, told) in words {
        let fits = |schema: &Value| check(schema, value, root, place);
        let of_all = || told.as_array().unwrap().iter().map(fits);
        let wrong = |what: &str| Err(format!("{place}: {what} {told}"));
        match word.as_str() {
            "$schema" | "title" | "$defs" | "then" => {}
            "$ref" => fits(root.pointer(told.as_str().unwrap().trim_start_matches('#')).expect("a definition"))?,
            "type" => {
                let is = |name: &Value| match name.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "number" => value.is_number(),
                    "integer" => value.is_i64() || value.is_u64(),
                    other => panic!("type {other}"),
                };
                if !told.as_array().map_or_else(|| is(told), |names| names.iter().any(is)) {
                    return wrong("is not");
                }
            }
            "enum" if !told.as_array().unwrap().contains(value) => return wrong("is none of"),
            "const" if told != value => return wrong("is not"),
            "enum" | "const" => {}
            "properties" => {
                for (name, schema) in told.as_object().unwrap() {
                    if let Some(value) = value.get(name).filter(|value| !value.is_null()) {
                        check(schema, value, root, &format!("{place}/{name}"))?;
                    }
                }
            }
            "additionalProperties" => {
                let known = schema["properties"].as_object().unwrap();
                if let Some((name, _)) =
                    value.as_object().into_iter().flatten().find(|(name, _)| !known.contains_key(*name))
                {
                    return Err(format!("{place}: knows no {name}"));
                }
            }
            "required" => {
                let missing = |name: &&Value| value.is_object() && value.get(name.as_str().unwrap()).is_none();
                if let Some(name) = told.as_array().unwrap().iter().find(missing) {
                    return Err(format!("{place}: has no {name}"));
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(told, item, root, &format!("{place}/{index}"))?;
                }
            }
            "allOf" => of_all().collect::<Result<(), String>>()?,
            "anyOf" => {
                let all: Vec<Result<(), String>> = of_all().collect();
                if all.iter().all(Result::is_err) {
                    return all.into_iter().next_back().unwrap();
                }
            }
            "oneOf" if of_all().filter(Result::is_ok).count() != 1 => return wrong("does not have exactly one of"),
            "oneOf" => {}
            "not" if fits(told).is_ok() => return wrong("must not be"),
            "not" => {}
            "if" if fits(told).is_ok() => fits(&schema["then"])?,
            "if" => {}
            "minItems" if value.as_array().is_some_and(|items| (items.len() as u64) < told.as_u64().unwrap()) => {
                return wrong("has fewer than");
            }
            "minProperties" if value.as_object().is_some_and(|map| (map.len() as u64) < told.as_u64().unwrap()) => {
                return wrong("has fewer than");
            }
            "minimum" if value.as_f64() < told.as_f64() && value.is_number() => return wrong("is less than"),
            "maximum" if value.as_f64() > told.as_f64() => return wrong("is more than"),
            "exclusiveMinimum" if value.as_f64() <= told.as_f64() && value.is_number() => return wrong("is not above"),
            "minItems" | "minProperties" | "minimum" | "maximum" | "exclusiveMinimum" => {}
            other => panic!("the schema uses `{other}`, which this test does not know"),
        }
    }
    Ok(())
}

fn fits(source: &str) -> Result<(), String> {
    let schema = schema();
    let node = yaml::read(source, &mut Problems::default()).expect("YAML");
    check(&schema, &node.to_json(), &schema, "")
}

/// `SIGNALBOX_BLESS=1` writes it.
#[test]
fn the_file_is_the_schema() {
    let now = format!("{:#}\n", schema());
    if std::env::var("SIGNALBOX_BLESS").is_ok() {
        std::fs::write(FILE, &now).unwrap();
    }
    let file = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(file == now, "docs/playbook.schema.json is not of this version: run this test with SIGNALBOX_BLESS=1");
}

#[test]
fn samples_and_examples_fit() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../playbooks");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(fits(&std::fs::read_to_string(&path).unwrap()), Ok(()), "{}", path.display());
        seen += 1;
    }
    assert!(seen > 2, "{seen}");
    let text = include_str!("../../../../../docs/playbook.md");
    let blocks: Vec<&str> = text.split("```yaml\n").skip(1).filter_map(|block| block.split("```").next()).collect();
    for block in blocks {
        let source =
            if block.starts_with("apiVersion") { block.to_owned() } else { format!("{HEAD}workflow:\n{block}") };
        assert_eq!(fits(&source), Ok(()), "{block}");
    }
}

#[test]
fn what_is_wrong_does_not_fit_and_is_wrong_for_the_reader_too() {
    for source in [
        "kind: Playbook\nmetadata: {name: t, path: t}\nworkflow: [{step: start}]\n".to_owned(),
        format!("{HEAD}workload: {{}}\n"),
        format!("{HEAD}workflow: []\n"),
        format!("{HEAD}workflow: {{step: start}}\n"),
        HEAD.replace("v1", "v9") + "workflow: [{step: start}]\n",
        HEAD.replace("Playbook", "Recipe") + "workflow: [{step: start}]\n",
        HEAD.replace("name: t, ", "") + "workflow: [{step: start}]\n",
        format!("{HEAD}workload: [1]\nworkflow: [{{step: start}}]\n"),
        format!("{HEAD}priority: 500\nworkflow: [{{step: start}}]\n"),
        format!("{HEAD}rate: {{per_s: 5}}\nworkflow: [{{step: start}}]\n"),
        format!("{HEAD}schedule: {{timezone: UTC}}\nworkflow: [{{step: start}}]\n"),
        format!("{HEAD}webhook: {{secret: x}}\nworkflow: [{{step: start}}]\n"),
        format!("{HEAD}workbook: [{{type: noop}}]\nworkflow: [{{step: start}}]\n"),
        format!("{HEAD}workbook: [{{name: a, type: python}}]\nworkflow: [{{step: start, type: workbook, name: a}}]\n"),
    ] {
        assert!(fits(&source).is_err(), "{source}");
        assert!(parse(&source).playbook.is_none(), "{source}");
    }
    for step in [
        "step: start, type: python",
        "step: start, type: python, code: x, code_b64: eA==",
        "step: start, type: http",
        "step: start, type: postgres",
        "step: start, type: playbook",
        "step: start, type: wait",
        "step: start, type: wait, seconds: 1, signal: x",
        "step: start, type: noop, timeout_s: 0",
        "step: start, type: noop, retry: sometimes",
        "step: start, type: noop, retry: {max_attempts: many}",
        "step: start, join: some",
        "step: start, next: [{when: 'true'}]",
        "step: start, next: [{step: start, on: sometimes}]",
        "step: start, next: [{step: start, else: maybe}]",
        "step: start, type: noop, assert: [a]",
        "step: start, type: noop, save: {data: 1}",
        "step: start, type: noop, save: postgres",
        "step: start, type: iterator, collection: 5, element: n, task: {type: noop}",
        "step: start, type: iterator, collection: [1], element: n, task: noop",
        "step: start, type: iterator, collection: [1], element: n, task: {type: http}",
        "step: start, type: iterator, collection: [1], element: n, task: {type: noop}, on_item_error: skip",
        "step: start, type: approval, form: {name: x}",
        "type: noop",
    ] {
        let source = format!("{HEAD}workflow:\n  - {{{step}}}\n");
        assert!(fits(&source).is_err(), "{step}");
        assert!(parse(&source).playbook.is_none(), "{step}");
    }
}

#[test]
fn what_the_reader_warns_of_does_not_fit() {
    for step in [
        "step: start, nexxt: end",
        "step: start, type: http, url: x, heders: {}",
        "step: start, next: [{step: start, whn: x}]",
    ] {
        let source = format!("{HEAD}workflow:\n  - {{{step}}}\n");
        assert!(fits(&source).is_err(), "{step}");
        assert!(parse(&source).diagnostics.iter().any(|diagnostic| diagnostic.code == "unknown_field"), "{step}");
    }
}

#[test]
fn a_type_that_nobody_knows_may_have_any_field() {
    assert_eq!(
        fits(&format!("{HEAD}workflow:\n  - {{step: start, type: market_feed, whatever: [1], next: start}}\n")),
        Ok(())
    );
}
