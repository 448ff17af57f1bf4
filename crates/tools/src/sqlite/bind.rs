//! Giving values to the parameters of statements.

use super::split::{Parameter, Statement};
use crate::fields::{bad_config, kind};
use protocol::TaskError;
use serde_json::{Map, Value};
use std::fmt::Write;

/// A statement with a value for each of its `?`, in order.
pub(super) struct Bound {
    pub(super) statement: Statement,
    pub(super) values: Vec<Bind>,
}

/// What SQLite can be given.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Bind {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
}

/// The values at hand. A list is used up by `?` across statements, as if they were one.
pub(super) enum Parameters<'a> {
    List { values: &'a [Value], next: usize, highest: usize },
    Map(&'a Map<String, Value>),
    None,
}

impl<'a> Parameters<'a> {
    /// `explicit`: given as `params`, so anything but a list or a map is wrong.
    pub(super) fn of(values: &'a Value, explicit: bool) -> Result<Self, TaskError> {
        match values {
            Value::Array(values) => Ok(Self::List { values, next: 0, highest: 0 }),
            Value::Object(map) => Ok(Self::Map(map)),
            other if explicit => {
                Err(bad_config(format!("sqlite: `params` must be a list or a map, not {}", kind(other))))
            }
            _ => Ok(Self::None),
        }
    }

    pub(super) fn bind_all(&mut self, statements: Vec<Statement>, into: &mut Vec<Bound>) -> Result<(), TaskError> {
        for statement in statements {
            let values =
                statement.parameters.iter().map(|parameter| self.value(parameter)).collect::<Result<_, _>>()?;
            into.push(Bound { statement, values });
        }
        Ok(())
    }

    /// # Errors
    /// When a list has values that no `?` took: most likely one `?` is missing.
    pub(super) fn all_used(&self) -> Result<(), TaskError> {
        match self {
            Self::List { values, highest, .. } if *highest < values.len() => Err(bad_config(format!(
                "sqlite: `params` has {} values, but the statements use {highest}",
                values.len()
            ))),
            _ => Ok(()),
        }
    }

    fn value(&mut self, parameter: &Parameter) -> Result<Bind, TaskError> {
        match (self, parameter) {
            (Self::List { values, next, highest }, Parameter::Next | Parameter::Number(_)) => {
                let number = if let Parameter::Number(number) = parameter { *number } else { *next + 1 };
                *next = (*next).max(number);
                *highest = (*highest).max(number);
                let value = number.checked_sub(1).and_then(|index| values.get(index)).ok_or_else(|| {
                    bad_config(format!(
                        "sqlite: `params` has {} values, but a statement uses `?` number {number}",
                        values.len()
                    ))
                })?;
                bind(value, &format!("params[{}]", number - 1))
            }
            (Self::Map(map), Parameter::Name(name)) => {
                let value = map.get(name).ok_or_else(|| {
                    let mut has = String::new();
                    for key in map.keys().take(20) {
                        let _ = write!(has, "{}`{key}`", if has.is_empty() { "" } else { ", " });
                    }
                    let has = if has.is_empty() { "nothing" } else { &has };
                    bad_config(format!(
                        "sqlite: a statement uses `:{name}`, but `params` (or the step's data) has {has}"
                    ))
                })?;
                bind(value, &format!("params.{name}"))
            }
            (Self::List { .. }, Parameter::Name(name)) => Err(bad_config(format!(
                "sqlite: a statement uses `:{name}`, but `params` is a list; make it a map, or use `?`"
            ))),
            (Self::Map(_), _) => Err(bad_config(
                "sqlite: a statement uses `?`, but there is no list in `params`; make it one, or use `:name`",
            )),
            (Self::None, _) => Err(bad_config("sqlite: a statement has parameters, but there are no `params`")),
        }
    }
}

pub(super) fn bind(value: &Value, name: &str) -> Result<Bind, TaskError> {
    Ok(match value {
        Value::Null => Bind::Null,
        Value::Bool(yes) => Bind::Integer(i64::from(*yes)),
        Value::Number(number) => match (number.as_i64(), number.is_u64()) {
            (Some(integer), _) => Bind::Integer(integer),
            (None, true) => {
                return Err(bad_config(format!(
                    "sqlite: `{name}` is {number}, more than SQLite's largest integer; bind it as text"
                )));
            }
            (None, false) => Bind::Real(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => Bind::Text(text.clone()),
        list_or_map => Bind::Text(list_or_map.to_string()),
    })
}
