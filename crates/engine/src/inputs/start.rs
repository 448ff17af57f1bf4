//! Start: the log's first event, and the first steps.

use crate::{Reuse, evaluate::Turn};
use protocol::{
    TaskError,
    event::{ExecutionStart, Origin, Progress},
};
use serde_json::Value;
use std::sync::Arc;

pub(super) fn start(
    turn: &mut Turn<'_>,
    path: &str,
    version: u32,
    input: Arc<Value>,
    origin: Origin,
    _reuse: Option<Arc<Reuse>>,
) {
    let mut workload = turn.playbook().workload().clone();
    let fits = input.is_null() || input.is_object();
    if fits && !input.is_null() {
        merge(&mut workload, &input);
    }
    turn.emit(ExecutionStart {
        execution_id: turn.execution_id(),
        path: path.to_owned(),
        version,
        node_name: crate::evaluate::node_name(path).to_owned(),
        workload: Arc::new(workload),
        input: input.clone(),
        progress: Progress { completed: 0, known: turn.playbook().actionable() },
        origin,
        arcs: Vec::new(),
    });
    if !fits {
        let message = format!("the input of playbook `{path}` must be a map of workload fields");
        return turn.fail_execution(TaskError::new("input_not_a_map", message));
    }
    turn.begin();
}

/// Lays `over` over `base`: maps are merged key by key, everything else is replaced. JSON text that was parsed is
/// nested 128 levels at most, so the recursion is too.
fn merge(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                match base.get_mut(key) {
                    Some(known) => merge(known, value),
                    None => {
                        base.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (base, over) => *base = over.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::merge;
    use serde_json::json;

    #[test]
    fn maps_merge_deeply_and_all_else_is_replaced() {
        for (mut base, over, expect) in [
            (json!({"a": 1, "b": 2}), json!({"b": 3, "c": 4}), json!({"a": 1, "b": 3, "c": 4})),
            (json!({"m": {"x": 1, "y": 2}}), json!({"m": {"y": 3}}), json!({"m": {"x": 1, "y": 3}})),
            (json!({"m": {"x": 1}}), json!({"m": null}), json!({"m": null})),
            (json!({"l": [1, 2]}), json!({"l": [3]}), json!({"l": [3]})),
            (json!({"s": 1}), json!({"s": {"t": 1}}), json!({"s": {"t": 1}})),
        ] {
            merge(&mut base, &over);
            assert_eq!(base, expect);
        }
    }
}
