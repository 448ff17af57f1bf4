//! The workload: a playbook's default input, and what a request lays over it.

use super::Playbook;
use serde_json::Value;

impl Playbook {
    /// The workload of an execution with this input: a map, or `null` for none.
    pub fn workload_with(&self, input: &Value) -> Value {
        let mut workload = self.workload().clone();
        if input.is_object() {
            merge(&mut workload, input);
        }
        workload
    }
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
