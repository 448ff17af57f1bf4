//! What a postgres step asks for, read from its fields.

use super::split::{Piece, Statement, split};
use crate::fields::{Fields, bad_config, kind};
use protocol::TaskError;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// A statement with a value for each of its parameters, in order.
pub(super) struct Bound {
    pub(super) statement: Statement,
    pub(super) values: Vec<Given>,
}

/// A parameter's value and how errors call it.
pub(super) struct Given {
    pub(super) name: String,
    pub(super) value: Value,
}

pub(super) struct Command {
    /// At least one, in order.
    pub(super) statements: Vec<Bound>,
}

impl Command {
    /// # Errors
    /// `bad_config`, naming the field or the parameter.
    pub(super) fn of(config: &Value, input: &Value) -> Result<Self, TaskError> {
        let fields = Fields::of("postgres", config)?;
        let Some((name, command)) = fields.any(&["command", "commands", "sql", "query"]) else {
            return Err(fields.missing("command", "SQL text or a list of it"));
        };
        let params = fields.any(&["params", "parameters"]).map(|(_, value)| value);
        let shared = params.unwrap_or(if input.is_object() { input } else { &Value::Null });
        let mut shared = Parameters::of(shared, params.is_some())?;
        let mut statements = Vec::new();
        match command {
            Value::String(text) => shared.bind_all(split(text), &mut statements)?,
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let place = format!("{name}[{index}]");
                    match item {
                        Value::String(text) => shared.bind_all(split(text), &mut statements)?,
                        Value::Object(map) => {
                            let item = Fields::of("postgres", item)?;
                            let Some(text) = item.text(&["sql", "command", "query"])? else {
                                return Err(item.missing(&format!("{place}.sql"), "SQL text"));
                            };
                            match map.get("params").filter(|params| !params.is_null()) {
                                Some(own) => {
                                    let mut own = Parameters::of(own, true)?;
                                    own.bind_all(split(text), &mut statements)?;
                                    own.all_used()?;
                                }
                                None => shared.bind_all(split(text), &mut statements)?,
                            }
                        }
                        other => {
                            return Err(fields.wrong(&place, "SQL text or a map with `sql` and `params`", other));
                        }
                    }
                }
            }
            other => return Err(fields.wrong(name, "SQL text or a list of it", other)),
        }
        shared.all_used()?;
        if statements.is_empty() {
            return Err(bad_config(format!("postgres: `{name}` has no statement in it ({})", kind(command))));
        }
        statements.iter().try_for_each(|bound| refuse(&bound.statement))?;
        Ok(Self { statements })
    }

    /// The same statements once for each row, whose values are its parameters.
    ///
    /// # Errors
    /// As [`Command::of`].
    pub(super) fn for_rows(sql: &str, rows: &[&Map<String, Value>]) -> Result<Self, TaskError> {
        let template = split(sql);
        if template.is_empty() {
            return Err(bad_config("postgres: the save's `statement` has no statement in it"));
        }
        let mut statements = Vec::new();
        for row in rows {
            Parameters::Map(row).bind_all(template.clone(), &mut statements)?;
        }
        statements.iter().try_for_each(|bound| refuse(&bound.statement))?;
        Ok(Self { statements })
    }
}

/// What would turn the connection into a pipe, which nobody reads.
fn refuse(statement: &Statement) -> Result<(), TaskError> {
    let has = |word: &str| statement.words.iter().any(|found| found == word);
    if statement.words.first().is_some_and(|first| first == "COPY") && (has("STDIN") || has("STDOUT")) {
        return Err(bad_config(
            "postgres: COPY from or to the client is not possible in a step; use INSERT, SELECT or a `save`",
        ));
    }
    Ok(())
}

/// The values at hand.
enum Parameters<'a> {
    List { values: &'a [Value], used: BTreeSet<usize> },
    Map(&'a Map<String, Value>),
    None,
}

impl<'a> Parameters<'a> {
    /// `explicit`: given as `params`, so anything but a list or a map is wrong.
    fn of(values: &'a Value, explicit: bool) -> Result<Self, TaskError> {
        match values {
            Value::Array(values) => Ok(Self::List { values, used: BTreeSet::new() }),
            Value::Object(map) => Ok(Self::Map(map)),
            other if explicit => {
                Err(bad_config(format!("postgres: `params` must be a list or a map, not {}", kind(other))))
            }
            _ => Ok(Self::None),
        }
    }

    fn bind_all(&mut self, statements: Vec<Statement>, into: &mut Vec<Bound>) -> Result<(), TaskError> {
        for statement in statements {
            let mut values = Vec::new();
            for piece in statement.parameters() {
                match piece {
                    Piece::Text(_) => {}
                    Piece::Number(number) => values.push(self.numbered(*number)?),
                    Piece::Name(name) => values.push(self.named(name)?),
                }
            }
            into.push(Bound { statement, values });
        }
        Ok(())
    }

    fn numbered(&mut self, number: usize) -> Result<Given, TaskError> {
        let Self::List { values, used } = self else {
            return Err(bad_config(format!(
                "postgres: a statement uses `${number}`, but there is no list in `params`; make it one, or use `:name`"
            )));
        };
        let value = number.checked_sub(1).and_then(|index| values.get(index)).ok_or_else(|| {
            bad_config(format!("postgres: `params` has {} values, but a statement uses `${number}`", values.len()))
        })?;
        used.insert(number);
        Ok(Given { name: format!("params[{}]", number - 1), value: value.clone() })
    }

    fn named(&self, name: &str) -> Result<Given, TaskError> {
        match self {
            Self::Map(map) => match map.get(name) {
                Some(value) => Ok(Given { name: format!("params.{name}"), value: value.clone() }),
                None => {
                    let keys: Vec<String> = map.keys().take(20).map(|key| format!("`{key}`")).collect();
                    let has = if keys.is_empty() { "nothing".to_owned() } else { keys.join(", ") };
                    Err(bad_config(format!(
                        "postgres: a statement uses `:{name}`, but `params` (or the step's data) has {has}"
                    )))
                }
            },
            Self::List { .. } => Err(bad_config(format!(
                "postgres: a statement uses `:{name}`, but `params` is a list; make it a map, or use `$1`"
            ))),
            Self::None => Err(bad_config(format!(
                "postgres: a statement uses `:{name}`, but there are neither `params` nor data"
            ))),
        }
    }

    /// # Errors
    /// When a list has values that no `$n` took: most likely one is missing.
    fn all_used(&self) -> Result<(), TaskError> {
        match self {
            Self::List { values, used } if used.len() < values.len() => {
                let free = (1..=values.len()).find(|number| !used.contains(number)).unwrap_or_default();
                Err(bad_config(format!(
                    "postgres: `params` has {} values, but no statement uses `${free}`",
                    values.len()
                )))
            }
            _ => Ok(()),
        }
    }
}
