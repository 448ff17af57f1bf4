//! What a sqlite step asks for, read from its fields.

use super::{
    bind::{Bound, Parameters},
    refuse,
    split::split,
};
use crate::fields::{Fields, bad_config, kind};
use protocol::TaskError;
use serde_json::Value;

const DEFAULT_DATABASE: &str = "default.db";

pub(super) struct Command {
    pub(super) database: String,
    /// At least one, in order.
    pub(super) statements: Vec<Bound>,
}

impl Command {
    /// # Errors
    /// `bad_config` naming the field or the parameter; `sqlite_refused`.
    pub(super) fn of(config: &Value, input: &Value) -> Result<Self, TaskError> {
        let fields = Fields::of("sqlite", config)?;
        let database = database(&fields)?;
        let names = ["command", "commands", "sql"];
        let Some((name, command)) = fields.any(&names) else {
            return Err(fields.missing("command", "SQL text or a list of it"));
        };
        let params = fields.any(&["params", "parameters"]).map(|(_, value)| value);
        let shared = params.unwrap_or(if input.is_object() { input } else { &Value::Null });
        let mut statements = Vec::new();
        let mut parameters = Parameters::of(shared, params.is_some())?;
        match command {
            Value::String(text) => parameters.bind_all(split(text), &mut statements)?,
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    match item {
                        Value::String(text) => parameters.bind_all(split(text), &mut statements)?,
                        Value::Object(map) => {
                            let item = Fields::of("sqlite", item)?;
                            let Some(text) = item.text(&["sql", "command"])? else {
                                return Err(item.missing(&format!("{name}[{index}].sql"), "SQL text"));
                            };
                            match map.get("params").filter(|params| !params.is_null()) {
                                Some(own) => {
                                    let mut own = Parameters::of(own, true)?;
                                    own.bind_all(split(text), &mut statements)?;
                                    own.all_used()?;
                                }
                                None => parameters.bind_all(split(text), &mut statements)?,
                            }
                        }
                        other => {
                            let expected = "SQL text or a map with `sql` and `params`";
                            return Err(fields.wrong(&format!("{name}[{index}]"), expected, other));
                        }
                    }
                }
            }
            other => return Err(fields.wrong(name, "SQL text or a list of it", other)),
        }
        parameters.all_used()?;
        if statements.is_empty() {
            return Err(bad_config(format!("sqlite: `{name}` has no statement in it ({})", kind(command))));
        }
        Self { database, statements }.checked()
    }

    /// Nothing in it would leave the file or the transaction.
    ///
    /// # Errors
    /// `sqlite_refused`.
    pub(super) fn checked(self) -> Result<Self, TaskError> {
        self.statements.iter().try_for_each(|bound| refuse::check(&bound.statement))?;
        Ok(self)
    }
}

pub(super) fn database(fields: &Fields) -> Result<String, TaskError> {
    Ok(fields.text(&["database", "file"])?.unwrap_or(DEFAULT_DATABASE).to_owned())
}
