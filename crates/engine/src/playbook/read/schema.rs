//! The JSON Schema of playbooks, for editors and other programs. It is made of the tables the readers use, so that a
//! field of the one is a field of the other.
//!
//! It knows nothing of expressions, of names that refer to each other, of limits: `signalbox validate` does. And it
//! refuses what the readers only warn of: a field that nobody knows.

use super::{
    action::ASSERTS,
    admission, document, form, iterate, next, retry, save, schedule, step,
    types::{self, StepType},
    wait, webhook,
};
use serde_json::{Map, Value, json};

/// Draft 2020-12. A step of a type that is not known here may have any field.
pub fn schema() -> Value {
    let mut definitions: Map<String, Value> =
        shared().into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    let mut of_type = Vec::new();
    let mut actions = Vec::new();
    for word in types::known() {
        let (fields, one_of) = fields_of(word);
        definitions.insert(format!("{word}_step"), map(&[step::COMMON, &fields].concat(), &[], one_of));
        of_type.push(when(json!({ "const": word }), &format!("{word}_step")));
        if !one_of.is_empty() && !matches!(word, "wait") {
            definitions.insert(format!("{word}_action"), choice(one_of));
            actions.push(when(json!({ "const": word }), &format!("{word}_action")));
        }
    }
    of_type.push(json!({ "if": { "not": { "required": ["type"] } }, "then": reference("start_step") }));
    let named = |fields: &[&str], required: &[&str], all: Vec<Value>| json!({ "type": "object", "properties": properties(fields), "required": required, "allOf": all });
    let step_name = json!({ "anyOf": required(&["step", "name"]) });
    definitions.insert("step".to_owned(), named(&["type"], &[], [vec![step_name], of_type].concat()));
    definitions.insert("entry".to_owned(), named(&["name", "type"], &["name", "type"], actions.clone()));
    definitions.insert("task".to_owned(), named(&["type", "save", "retry", "timeout_s"], &["type"], actions));
    let mut top = map(document::TOP, &["apiVersion", "kind", "metadata"], &["workflow", "steps"]);
    top["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    top["title"] = json!("Signalbox playbook");
    top["$defs"] = Value::Object(definitions);
    top
}

/// The fields of a type besides those of every step, and those of which exactly one must be there.
fn fields_of(word: &str) -> (Vec<&'static str>, &'static [&'static str]) {
    match types::step_type(word) {
        StepType::Action(action) => ([action.one_of, action.optional].concat(), action.one_of),
        StepType::Iterator => (iterate::FIELDS.to_vec(), &[]),
        StepType::Save => (save::fields(), &[]),
        StepType::Wait => (wait::WAIT.to_vec(), &wait::WAIT[..3]),
        StepType::Approval => (wait::APPROVAL.to_vec(), &[]),
        StepType::Control | StepType::Workbook | StepType::Foreign => (Vec::new(), &[]),
    }
}

/// What several places hold.
fn shared() -> Vec<(&'static str, Value)> {
    let or_list = |name: &str| json!([reference(name), { "type": "array", "items": reference(name) }]);
    let text_or = |schema: Value| json!({ "anyOf": [{ "type": "string" }, schema] });
    let mut saved = map(&save::fields(), &[], &[]);
    saved["anyOf"] = required(&["storage", "type"]);
    vec![
        ("metadata", map(document::METADATA, &["name", "path"], &[])),
        ("retry", json!({ "anyOf": [{ "type": ["boolean", "integer"] }, map(retry::KNOWN, &[], &[])] })),
        ("auth", json!({ "type": ["string", "object"], "minProperties": 1 })),
        ("assert", map(ASSERTS, &[], &[])),
        ("save", json!({ "anyOf": [{ "enum": save::LOG }, saved] })),
        ("arc", text_or(map(next::KNOWN, &["step"], &[]))),
        ("next", json!({ "anyOf": or_list("arc") })),
        ("form", json!({ "type": "array", "items": map(form::KNOWN, &["name"], &[]) })),
        ("one_schedule", text_or(map(schedule::KNOWN, &["cron"], &[]))),
        ("schedule", json!({ "anyOf": or_list("one_schedule") })),
        ("webhook", text_or(map(webhook::KNOWN, &[], &["name", "path"]))),
        ("rate", map(admission::RATE, &["limit"], &[])),
        ("loop", json!({ "type": "object" })),
    ]
}

/// What a field holds, by its name.
fn field(name: &str) -> Value {
    match name {
        "apiVersion" => json!({ "enum": document::API_VERSIONS }),
        "kind" => json!({ "const": "Playbook" }),
        "metadata" | "retry" | "auth" | "assert" | "save" | "next" | "form" | "schedule" | "webhook" | "rate"
        | "task" | "loop" => reference(name),
        "workflow" | "steps" => json!({ "type": "array", "items": reference("step"), "minItems": 1 }),
        "workbook" => json!({ "type": "array", "items": reference("entry") }),
        "workload" => json!({ "type": "object" }),
        "join" => json!({ "enum": ["all", "any"] }),
        "on" => json!({ "enum": ["completed", "failed", "cancelled"] }),
        "on_item_error" => json!({ "enum": ["fail", "continue"] }),
        "else" | "enumerate" | "paused" | "jitter" | "required" => json!({ "type": "boolean" }),
        "timeout_s" | "heartbeat_s" | "per_s" => json!({ "type": "number", "exclusiveMinimum": 0 }),
        "max_attempts" | "max_queued" => json!({ "type": "integer", "minimum": 0 }),
        "priority" => json!({ "type": "integer", "minimum": -100, "maximum": 100 }),
        // At the top a map, or a number; of an iterator a number, or an expression.
        "concurrency" => json!({ "type": ["integer", "string", "object"] }),
        "limit" | "chunk" | "seconds" => json!({ "type": ["number", "string"] }),
        "with" | "input" => json!({ "type": ["object", "string"] }),
        "collection" => json!({ "type": ["array", "object", "string"] }),
        "code" | "code_b64" | "code_base64" | "endpoint" | "url" | "cron" | "table" | "element" | "desc"
        | "description" | "timezone" => json!({ "type": "string" }),
        "headers" => json!({ "type": ["object", "string"] }),
        "when" | "where" | "order_by" | "retry_when" | "stop_when" => {
            json!({ "type": ["string", "boolean", "number"] })
        }
        // Text, or what YAML makes of it.
        "step" | "name" | "type" | "path" => json!({ "type": ["string", "number", "boolean"] }),
        _ => json!({}),
    }
}

/// A map of these fields and no others. Of `one_of`, exactly one must be there.
fn map(fields: &[&str], needed: &[&str], one_of: &[&str]) -> Value {
    let mut schema = json!({ "type": "object", "properties": properties(fields), "additionalProperties": false });
    if !needed.is_empty() {
        schema["required"] = json!(needed);
    }
    for (word, all) in choice(one_of).as_object().into_iter().flatten() {
        schema[word] = all.clone();
    }
    schema
}

fn properties(fields: &[&str]) -> Value {
    Value::Object(fields.iter().map(|name| ((*name).to_owned(), field(name))).collect())
}

/// One of these must be there, and the others not; `name` may be the step's.
fn choice(one_of: &[&str]) -> Value {
    match one_of {
        [] => json!({}),
        of if of.contains(&"name") => json!({ "anyOf": required(of) }),
        of => json!({ "oneOf": required(of) }),
    }
}

fn required(fields: &[&str]) -> Value {
    fields.iter().map(|name| json!({ "required": [name] })).collect()
}

fn when(of_type: Value, then: &str) -> Value {
    json!({ "if": { "properties": { "type": of_type }, "required": ["type"] }, "then": reference(then) })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
