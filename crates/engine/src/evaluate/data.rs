//! The data a step runs on.

use crate::{
    context::Scope,
    execution::Arrival,
    playbook::{Playbook, RenderError, Step, Template},
};
use serde_json::{Map, Value};
use std::sync::Arc;

/// What came along the arcs, in the order they were taken: later ones win.
pub(super) fn of_arrivals(arrivals: &[Arrival]) -> Arc<Value> {
    let mut given = arrivals.iter().filter_map(|arrival| arrival.data.as_ref());
    match (given.next(), given.next()) {
        (None, _) => Arc::new(Value::Object(Map::new())),
        (Some(only), None) => only.clone(),
        (Some(first), Some(second)) => Arc::new(Value::Object(overlaid([first, second].into_iter().chain(given)))),
    }
}

/// A step's input: a workbook entry's defaults, over them the step's own data, over that what the arcs brought.
pub(super) fn input(
    playbook: &Playbook,
    step: &Step,
    scope: &Scope,
    brought: &Arc<Value>,
) -> Result<Arc<Value>, RenderError> {
    let defaults = step.action().and_then(|action| action.defaults.as_ref());
    let mut layers = Vec::new();
    for template in [defaults, step.data.as_ref()].into_iter().flatten() {
        layers.push(map(template, playbook, scope)?);
    }
    if layers.is_empty() {
        return Ok(brought.clone());
    }
    layers.push(brought.clone());
    Ok(Arc::new(Value::Object(overlaid(layers.iter()))))
}

/// Renders what must be a map.
pub(super) fn map(template: &Template, playbook: &Playbook, scope: &Scope) -> Result<Arc<Value>, RenderError> {
    let value = template.render(playbook.texts(), scope)?;
    if value.is_object() {
        return Ok(value);
    }
    Err(template.error(format!("it is {}, not a map", kind(&value))))
}

fn overlaid<'a>(layers: impl Iterator<Item = &'a Arc<Value>>) -> Map<String, Value> {
    let mut merged = Map::new();
    for layer in layers {
        if let Value::Object(map) = &**layer {
            merged.extend(map.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
    }
    merged
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}
