//! A step's result as expressions see it.
//!
//! Public playbooks write `step.data.x`, `step.x` and `step.result.data.x` for the same thing. A result map that
//! holds `data` plus `status` or `id` is an envelope: the step is its `data`, with the envelope's fields behind it.

use super::{
    json::{self, Token},
    misses::Misses,
};
use minijinja::value::{Enumerator, Object, ObjectRepr, Value};
use serde_json::Value as Json;
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct StepResult {
    raw: Arc<Json>,
    name: Arc<str>,
    misses: Arc<Misses>,
}

/// The value of a step called `name`. Lists and maps get the dialect's lookups; scalars are themselves.
pub(super) fn value(raw: &Arc<Json>, name: &Arc<str>, misses: &Arc<Misses>) -> Value {
    if matches!(flattened(raw), Json::Array(_) | Json::Object(_)) || is_envelope(raw) {
        Value::from_object(StepResult { raw: raw.clone(), name: name.clone(), misses: misses.clone() })
    } else {
        json::lookup(raw, Vec::new(), name, misses).unwrap_or_default()
    }
}

/// Whether a result offers a field, by the lookups of this file.
pub(crate) fn has_field(raw: &Json, field: &str) -> bool {
    flattened(raw).get(field).is_some() || raw.get(field).is_some()
}

fn is_envelope(raw: &Json) -> bool {
    raw.as_object()
        .is_some_and(|map| map.contains_key("data") && (map.contains_key("status") || map.contains_key("id")))
}

/// An envelope's `data`; anything else as it is.
pub(crate) fn flattened(raw: &Json) -> &Json {
    if is_envelope(raw) { raw.get("data").unwrap_or(raw) } else { raw }
}

impl StepResult {
    pub(super) fn json(&self) -> &Json {
        flattened(&self.raw)
    }

    /// The shared result, if this is the whole of it.
    pub(super) fn whole(&self) -> Option<&Arc<Json>> {
        (!is_envelope(&self.raw)).then_some(&self.raw)
    }

    fn at(&self, path: Vec<Token>) -> Option<Value> {
        json::lookup(&self.raw, path, &self.name, &self.misses)
    }

    fn field(self: &Arc<Self>, key: &str) -> Option<Value> {
        let of_data = || {
            is_envelope(&self.raw).then(|| self.at(vec![Token::Key("data".into()), Token::Key(key.into())])).flatten()
        };
        let of_raw = || self.at(vec![Token::Key(key.into())]);
        match key {
            "data" => of_raw().or_else(|| self.at(Vec::new())),
            "result" => of_data().or_else(of_raw).or_else(|| Some(Value::from_dyn_object(self.clone()))),
            _ => of_data().or_else(of_raw),
        }
    }
}

impl Object for StepResult {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        match self.json() {
            Json::Array(_) => ObjectRepr::Seq,
            Json::Object(_) => ObjectRepr::Map,
            _ => ObjectRepr::Plain,
        }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match (key.as_str(), self.json()) {
            (Some(key), _) => self.field(key),
            (None, Json::Array(items)) => {
                let index = i64::try_from(key.clone()).ok()?;
                let index = if index < 0 { index + i64::try_from(items.len()).ok()? } else { index };
                let mut path = if is_envelope(&self.raw) { vec![Token::Key("data".into())] } else { Vec::new() };
                path.push(Token::Index(usize::try_from(index).ok()?));
                self.at(path)
            }
            (None, _) => None,
        }
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let found = self.field(key);
        if found.is_none() {
            self.misses.note(format!("{}.{key}", self.name));
        }
        found
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match self.json() {
            Json::Array(_) | Json::Object(_) => json::enumerate(self.json()),
            _ => Enumerator::NonEnumerable,
        }
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.json() {
            Json::String(text) => f.write_str(text),
            Json::Null => f.write_str("none"),
            json => write!(f, "{json}"),
        }
    }
}
