//! Which fields of the JSON Schema a playbook uses, as `definition.field`.

use serde_json::Value;
use std::collections::BTreeSet;

/// Every field of the schema. What all steps have is a field of `start_step`, and of no other.
pub(crate) fn known(schema: &Value) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    fields(schema, "top", &mut known);
    let definitions = schema["$defs"].as_object().unwrap();
    for (name, definition) in definitions {
        fields(definition, name, &mut known);
    }
    let common: Vec<String> = definitions["start_step"]["properties"].as_object().unwrap().keys().cloned().collect();
    known.retain(|field| {
        let (of, name) = field.split_once('.').unwrap();
        of == "start_step" || !(of.ends_with("_step") && common.iter().any(|common| common == name))
    });
    known
}

fn fields(schema: &Value, of: &str, known: &mut BTreeSet<String>) {
    let names = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| format!("{of}.{name}"));
    known.extend(names);
    for schema in schema["anyOf"].as_array().into_iter().flatten() {
        fields(schema, of, known);
    }
}

pub(crate) fn used(schema: &Value, playbook: &Value, used: &mut BTreeSet<String>) {
    visit(schema, playbook, schema, "top", used);
}

fn visit(schema: &Value, value: &Value, root: &Value, of: &str, used: &mut BTreeSet<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.trim_start_matches("#/$defs/");
        visit(&root["$defs"][name], value, root, name, used);
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        let Some(value) = value.get(name) else { continue };
        let is_common = of.ends_with("_step") && !root["$defs"]["start_step"]["properties"][name].is_null();
        used.insert(format!("{}.{name}", if is_common { "start_step" } else { of }));
        visit(schema, value, root, of, used);
    }
    for item in value.as_array().into_iter().flatten().filter(|_| !schema["items"].is_null()) {
        visit(&schema["items"], item, root, of, used);
    }
    for part in ["anyOf", "allOf"].iter().flat_map(|word| schema[*word].as_array().into_iter().flatten()) {
        // Of types, the one that it is.
        let of_type = &part["if"]["properties"]["type"]["const"];
        if part["if"].is_null() {
            visit(part, value, root, of, used);
        } else if value.get("type").map_or(of_type.is_null(), |is| is == of_type) {
            visit(&part["then"], value, root, of, used);
        }
    }
}
