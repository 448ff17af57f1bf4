//! A playbook as tables show it to people who look with SQL: steps, transitions and workbook entries as written.

use super::{node::Node, parse, problems::Problems, yaml};
use serde_json::{Map, Value, json};

/// The names of an arc's data, see `read::next`.
const DATA: [&str; 5] = ["with", "payload", "input", "args", "data"];

/// Steps, transitions and workbook of a source that parses:
///
/// ```text
/// {"steps": [{"step_id", "step_name", "step_type", "description", "raw_config"}],
///  "transitions": [{"from_step", "to_step", "condition", "with_params"}],
///  "workbook": [{"task_id", "task_name", "task_type", "raw_config"}]}
/// ```
///
/// Each list in the order of the source. `raw_config` is what stands there, as JSON; `condition` as written, `else`,
/// or null; `step_type` of a step without a type `start`, `end` or `control`.
pub fn definition(source: &str) -> Option<Value> {
    parse(source).playbook?;
    let root = yaml::read(source, &mut Problems::default()).as_ref().map(Node::to_json)?;
    let list = |name: &str| root.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let workflow = if root.get("workflow").is_some() { list("workflow") } else { list("steps") };
    let (mut steps, mut transitions) = (Vec::new(), Vec::new());
    for raw in workflow {
        let name = word(raw, "step");
        steps.push(json!({
            "step_id": name,
            "step_name": name,
            "step_type": kind(raw, &name),
            "description": described(raw),
            "raw_config": raw,
        }));
        let next = raw.get("next");
        let arcs = next.map_or(&[][..], |next| next.as_array().map_or(std::slice::from_ref(next), Vec::as_slice));
        transitions.extend(arcs.iter().filter(|arc| !arc.is_null()).map(|arc| transition(&name, arc)));
    }
    let workbook: Vec<Value> = list("workbook")
        .iter()
        .map(|raw| {
            let name = word(raw, "name");
            json!({"task_id": name, "task_name": name, "task_type": word(raw, "type"), "raw_config": raw})
        })
        .collect();
    Some(json!({"steps": steps, "transitions": transitions, "workbook": workbook}))
}

fn kind(step: &Value, name: &str) -> String {
    match (word(step, "type"), name) {
        (kind, "start" | "end") if kind.is_empty() => name.to_owned(),
        (kind, _) if kind.is_empty() => "control".to_owned(),
        (kind, _) => kind,
    }
}

fn described(raw: &Value) -> Value {
    let text = [word(raw, "desc"), word(raw, "description")].into_iter().find(|text| !text.is_empty());
    text.map_or(Value::Null, Value::String)
}

fn transition(from: &str, arc: &Value) -> Value {
    let Some(fields) = arc.as_object() else {
        return json!({"from_step": from, "to_step": text(arc), "condition": null, "with_params": null});
    };
    let condition = match (fields.get("when"), fields.get("else")) {
        (Some(when), _) => Value::String(text(when)),
        (None, Some(_)) => json!("else"),
        (None, None) => Value::Null,
    };
    // Of several names the later one wins, as when they are merged.
    let mut params = Map::new();
    for data in DATA.iter().filter_map(|name| fields.get(*name)?.as_object()) {
        params.extend(data.clone());
    }
    let params = if params.is_empty() { Value::Null } else { Value::Object(params) };
    json!({"from_step": from, "to_step": word(arc, "step"), "condition": condition, "with_params": params})
}

/// A field as text; empty when there is none. PostgreSQL has no place for a NUL.
fn word(raw: &Value, field: &str) -> String {
    raw.get(field).filter(|value| !value.is_null()).map(text).unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), |text| text.replace('\0', "\u{fffd}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_told_step_by_step() {
        let source = r#"
apiVersion: signalbox/v1
kind: Playbook
metadata: {name: routes, path: tests/routes}
workbook:
  - {name: add, type: python, code: "def main(): return 1"}
workflow:
  - {step: start, next: route}
  - step: route
    desc: Which way?
    next:
      - {step: one, when: "{{ workload.n == 1 }}", data: {n: "{{ workload.n }}"}}
      - {step: end, else: true}
  - {step: one, type: workbook, name: add, next: [end]}
  - {step: end}
"#;
        let told = definition(source).expect("it parses");
        let column = |list: &str, field: &str| -> Vec<Value> {
            told[list].as_array().expect("a list").iter().map(|row| row[field].clone()).collect()
        };
        assert_eq!(column("steps", "step_name"), ["start", "route", "one", "end"]);
        assert_eq!(column("steps", "step_type"), ["start", "control", "workbook", "end"]);
        assert_eq!(told["steps"][1]["description"], "Which way?");
        assert_eq!(
            told["steps"][2]["raw_config"],
            json!({"step": "one", "type": "workbook", "name": "add", "next": ["end"]})
        );
        assert_eq!(column("transitions", "from_step"), ["start", "route", "route", "one"]);
        assert_eq!(column("transitions", "to_step"), ["route", "one", "end", "end"]);
        let conditions = [json!(null), json!("{{ workload.n == 1 }}"), json!("else"), json!(null)];
        assert_eq!(column("transitions", "condition"), conditions);
        assert_eq!(told["transitions"][1]["with_params"], json!({"n": "{{ workload.n }}"}));
        assert_eq!(column("workbook", "task_name"), ["add"]);
        assert_eq!(definition("kind: Playbook"), None);
    }
}
