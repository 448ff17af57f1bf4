//! Reading a step's fields. A wrong field is a `bad_config` that names it and says what is expected.

use protocol::TaskError;
use serde_json::{Map, Value};

/// What a field has instead of what was expected.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

pub(crate) fn bad_config(message: impl Into<String>) -> TaskError {
    TaskError::new("bad_config", message)
}

/// One protocol's fields: the first name of a list of aliases that is present and not null counts.
pub(crate) struct Fields<'a> {
    protocol: &'static str,
    map: Option<&'a Map<String, Value>>,
}

impl<'a> Fields<'a> {
    /// # Errors
    /// When the configuration is neither a map nor null.
    pub(crate) fn of(protocol: &'static str, config: &'a Value) -> Result<Self, TaskError> {
        match config {
            Value::Null => Ok(Self { protocol, map: None }),
            Value::Object(map) => Ok(Self { protocol, map: Some(map) }),
            other => Err(bad_config(format!("{protocol}: the step's fields must be a map, not {}", kind(other)))),
        }
    }

    /// The first present field among `names`, with the name it was found under.
    pub(crate) fn any(&self, names: &[&'static str]) -> Option<(&'static str, &'a Value)> {
        let map = self.map?;
        names.iter().find_map(|name| map.get(*name).filter(|value| !value.is_null()).map(|value| (*name, value)))
    }

    pub(crate) fn text(&self, names: &[&'static str]) -> Result<Option<&'a str>, TaskError> {
        match self.any(names) {
            None => Ok(None),
            Some((_, Value::String(text))) => Ok(Some(text)),
            Some((name, other)) => Err(self.wrong(name, "a string", other)),
        }
    }

    pub(crate) fn map(&self, names: &[&'static str]) -> Result<Option<&'a Map<String, Value>>, TaskError> {
        match self.any(names) {
            None => Ok(None),
            Some((_, Value::Object(map))) => Ok(Some(map)),
            Some((name, other)) => Err(self.wrong(name, "a map", other)),
        }
    }

    /// A positive number, also as text (templates without native types render to text).
    pub(crate) fn positive(&self, names: &[&'static str]) -> Result<Option<f64>, TaskError> {
        let Some((name, value)) = self.any(names) else { return Ok(None) };
        let number = match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        match number {
            Some(number) if number.is_finite() && number > 0.0 => Ok(Some(number)),
            _ => Err(self.wrong(name, "a positive number", value)),
        }
    }

    pub(crate) fn wrong(&self, name: &str, expected: &str, found: &Value) -> TaskError {
        let found = match found {
            Value::String(text) if text.len() <= 40 => format!("`{text}`"),
            Value::Number(number) => format!("`{number}`"),
            other => kind(other).to_owned(),
        };
        bad_config(format!("{}: `{name}` must be {expected}, not {found}", self.protocol))
    }

    pub(crate) fn missing(&self, name: &str, expected: &str) -> TaskError {
        bad_config(format!("{}: `{name}` is missing: expected {expected}", self.protocol))
    }
}
