//! A JSON value inside a shared document, as an expression sees it.

use super::misses::Misses;
use minijinja::value::{DynObject, Enumerator, Object, ObjectRepr, Value};
use serde_json::Value as Json;
use std::sync::Arc;

/// A list or map within `root`; scalars become plain values when they are looked up.
#[derive(Debug)]
pub(crate) struct JsonObject {
    root: Arc<Json>,
    path: Vec<Token>,
    /// What messages call the root: `workload`, `result` … Empty where the keys of the root are names themselves.
    name: Arc<str>,
    misses: Arc<Misses>,
}

#[derive(Clone, Debug)]
pub(super) enum Token {
    Key(Arc<str>),
    Index(usize),
}

/// `root` at `path` as a value; `None` when there is nothing.
pub(super) fn lookup(root: &Arc<Json>, path: Vec<Token>, name: &Arc<str>, misses: &Arc<Misses>) -> Option<Value> {
    Some(match resolve(root, &path)? {
        Json::Null => Value::from(()),
        Json::Bool(b) => Value::from(*b),
        Json::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(n), _) => Value::from(n),
            (_, Some(n)) => Value::from(n),
            _ => Value::from(n.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(s) => Value::from(s.as_str()),
        Json::Array(_) | Json::Object(_) => {
            Value::from_object(JsonObject { root: root.clone(), path, name: name.clone(), misses: misses.clone() })
        }
    })
}

pub(super) fn resolve<'a>(root: &'a Json, path: &[Token]) -> Option<&'a Json> {
    path.iter().try_fold(root, |json, token| match token {
        Token::Key(key) => json.get(&**key),
        Token::Index(index) => json.get(*index),
    })
}

impl JsonObject {
    pub(super) fn json(&self) -> &Json {
        resolve(&self.root, &self.path).unwrap_or(&Json::Null)
    }

    /// The shared document, if this is the whole of it.
    pub(super) fn whole(&self) -> Option<&Arc<Json>> {
        self.path.is_empty().then_some(&self.root)
    }

    fn child(&self, token: Token) -> Option<Value> {
        let mut path = self.path.clone();
        path.push(token);
        lookup(&self.root, path, &self.name, &self.misses)
    }

    fn note(&self, key: &str) {
        let mut name = self.name.to_string();
        for token in &self.path {
            match token {
                Token::Key(key) => {
                    if !name.is_empty() {
                        name.push('.');
                    }
                    name.push_str(key);
                }
                Token::Index(index) => name.push_str(&format!("[{index}]")),
            }
        }
        self.misses.note(format!("{name}.{key}"));
    }
}

impl Object for JsonObject {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        match self.json() {
            Json::Array(_) => ObjectRepr::Seq,
            _ => ObjectRepr::Map,
        }
    }

    /// Subscripts, iteration, `in`, `.get()`: a miss may be meant.
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match self.json() {
            Json::Array(items) => {
                let index = i64::try_from(key.clone()).ok()?;
                let index = if index < 0 { index + i64::try_from(items.len()).ok()? } else { index };
                let index = usize::try_from(index).ok().filter(|index| *index < items.len())?;
                self.child(Token::Index(index))
            }
            Json::Object(map) => {
                let key = key.as_str()?;
                map.contains_key(key).then(|| self.child(Token::Key(key.into()))).flatten()
            }
            _ => None,
        }
    }

    /// Attributes: a miss is noted.
    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let found = match self.json() {
            Json::Object(map) if map.contains_key(key) => self.child(Token::Key(key.into())),
            _ => None,
        };
        if found.is_none() {
            self.note(key);
        }
        found
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        enumerate(self.json())
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<std::cmp::Ordering> {
        let other = other.downcast_ref::<Self>()?;
        (self.json() == other.json()).then_some(std::cmp::Ordering::Equal)
    }
}

pub(super) fn enumerate(json: &Json) -> Enumerator {
    match json {
        Json::Array(items) => Enumerator::Seq(items.len()),
        Json::Object(map) => Enumerator::Values(map.keys().map(|key| Value::from(key.as_str())).collect()),
        _ => Enumerator::Empty,
    }
}
