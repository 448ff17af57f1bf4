//! Template values back to JSON, keeping their types.

use super::{json::JsonObject, step_result::StepResult};
use minijinja::value::{Value, ValueKind};
use serde_json::{Map, Number, Value as Json};
use std::sync::Arc;

/// Deepest nesting a rendered value may have.
const MAX_DEPTH: usize = 128;

/// Why a value has no JSON form.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ToJsonError {
    #[error("the value is not defined")]
    Undefined,
    #[error("{0} is not a value that can be passed on")]
    Unsupported(String),
    #[error("the value is nested too deeply")]
    Depth,
    #[error("the value is larger than {limit} bytes")]
    Size { limit: usize },
    #[error("{0}")]
    Invalid(String),
}

/// The value as JSON. A whole shared document is shared, not copied. `limit` bounds the text in it, in bytes.
pub(crate) fn to_json(value: &Value, limit: usize) -> Result<Arc<Json>, ToJsonError> {
    if let Some(whole) = value.downcast_object_ref::<JsonObject>().and_then(JsonObject::whole) {
        return Ok(whole.clone());
    }
    if let Some(whole) = value.downcast_object_ref::<StepResult>().and_then(StepResult::whole) {
        return Ok(whole.clone());
    }
    let mut left = limit;
    convert(value, 0, limit, &mut left).map(Arc::new)
}

fn convert(value: &Value, depth: usize, limit: usize, left: &mut usize) -> Result<Json, ToJsonError> {
    let mut take = |bytes: usize| {
        *left = left.checked_sub(bytes).ok_or(ToJsonError::Size { limit })?;
        Ok::<(), ToJsonError>(())
    };
    if depth > MAX_DEPTH {
        return Err(ToJsonError::Depth);
    }
    take(1)?;
    if let Some(object) = value.downcast_object_ref::<JsonObject>() {
        return Ok(object.json().clone());
    }
    if let Some(object) = value.downcast_object_ref::<StepResult>() {
        return Ok(object.json().clone());
    }
    Ok(match value.kind() {
        ValueKind::Undefined => return Err(ToJsonError::Undefined),
        ValueKind::None => Json::Null,
        ValueKind::Bool => Json::Bool(value.is_true()),
        ValueKind::Number => number(value)?,
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default();
            take(text.len())?;
            Json::String(text.to_owned())
        }
        ValueKind::Seq | ValueKind::Iterable => {
            let mut items = Vec::new();
            for item in value.try_iter().map_err(|error| ToJsonError::Invalid(error.to_string()))? {
                items.push(convert(&item, depth + 1, limit, left)?);
            }
            Json::Array(items)
        }
        ValueKind::Map => {
            let mut map = Map::new();
            for key in value.try_iter().map_err(|error| ToJsonError::Invalid(error.to_string()))? {
                let item = value.get_item(&key).map_err(|error| ToJsonError::Invalid(error.to_string()))?;
                map.insert(key.to_string(), convert(&item, depth + 1, limit, left)?);
            }
            Json::Object(map)
        }
        ValueKind::Invalid => return Err(ToJsonError::Invalid(value.to_string())),
        kind => return Err(ToJsonError::Unsupported(kind.to_string())),
    })
}

fn number(value: &Value) -> Result<Json, ToJsonError> {
    if value.is_integer() {
        if let Ok(whole) = i64::try_from(value.clone()) {
            return Ok(Json::from(whole));
        }
        if let Ok(whole) = u64::try_from(value.clone()) {
            return Ok(Json::from(whole));
        }
    }
    f64::try_from(value.clone())
        .ok()
        .and_then(Number::from_f64)
        .map(Json::Number)
        .ok_or_else(|| ToJsonError::Unsupported(format!("number {value}")))
}
