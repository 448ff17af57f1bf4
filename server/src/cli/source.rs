//! Playbook files and inputs, as they are named on the command line.

use super::error::Error;
use serde_json::Value;
use std::{
    io::{Read, stdin},
    path::Path,
};

/// The text of a playbook file; `-` is standard input.
pub(super) fn read(file: &str) -> Result<String, Error> {
    read_text(file).map_err(|error| Error::bad_input(format!("{file}: {error}")))
}

/// `--input JSON` or `--input @FILE` (`@-` is standard input): always an object.
pub(super) fn input(given: &str) -> Result<Value, Error> {
    object("--input", given)
}

/// The value of a flag as [`json`], always an object.
pub(super) fn object(flag: &str, given: &str) -> Result<Value, Error> {
    let value = json(flag, given)?;
    if value.is_object() {
        return Ok(value);
    }
    let place = place(flag, given);
    Err(Error::bad_input(format!("{place} is {}; expected a JSON object such as {{\"key\": \"value\"}}", kind(&value))))
}

/// The value of a flag: JSON, or `@FILE` that has it (`@-` is standard input).
pub(super) fn json(flag: &str, given: &str) -> Result<Value, Error> {
    let text = match given.strip_prefix('@') {
        None => given.to_owned(),
        Some(file) => read_text(file).map_err(|error| Error::bad_input(format!("{}: {error}", place(flag, given))))?,
    };
    let place = place(flag, given);
    serde_json::from_str(&text).map_err(|error| Error::bad_input(format!("{place} is not JSON: {error}")))
}

fn place(flag: &str, given: &str) -> String {
    given.strip_prefix('@').map_or_else(|| flag.to_owned(), |file| format!("{flag}: {file}"))
}

/// Whether an argument of `run` names a file rather than a playbook of the catalog.
pub(super) fn is_file(target: &str) -> bool {
    let is_yaml = Path::new(target).extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    target == "-" || is_yaml || Path::new(target).is_file()
}

fn read_text(file: &str) -> Result<String, std::io::Error> {
    if file != "-" {
        return std::fs::read_to_string(file);
    }
    let mut text = String::new();
    stdin().read_to_string(&mut text)?;
    Ok(text)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
