//! The error of an attempt, as the conditions of a retry see it.
//!
//! Public playbooks take it for text (`'timeout' in error`, `error | lower`); here it also has `code`, `message`,
//! `details`, as on arcs for failure.

use minijinja::value::{Enumerator, Object, ObjectRepr, Value};
use protocol::TaskError;
use std::sync::Arc;

#[derive(Debug)]
struct Failure(TaskError);

pub(super) fn value(error: &TaskError) -> Value {
    Value::from_object(Failure(error.clone()))
}

const FIELDS: &[&str] = &["code", "message", "details"];

impl Object for Failure {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    /// A field; or `true` for text that the code or the message contains, which is what `in` asks for.
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        let Failure(error) = &**self;
        let contains = error.code.contains(key) || error.message.contains(key);
        self.get_value_by_str(key).or_else(|| contains.then(|| Value::from(true)))
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let Failure(error) = &**self;
        match key {
            "code" => Some(Value::from(error.code.as_str())),
            "message" => Some(Value::from(error.message.as_str())),
            "details" => Some(error.details.as_deref().map_or_else(|| Value::from(()), Value::from)),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(FIELDS)
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Failure(error) = &**self;
        write!(f, "{}: {}", error.code, error.message)
    }
}
