//! A credential's value as it comes to the command line: from a prompt, standard input, or a file. No message
//! repeats any of it.

use super::error::Error;
use console::Term;
use protocol::credential;
use serde_json::{Map, Value};
use std::{
    fs,
    io::{IsTerminal, Read, Write, stdin},
};

pub(super) struct Given {
    pub(super) kind: String,
    pub(super) value: Value,
}

/// # Errors
/// When it cannot be read or is no value of the type.
pub(super) fn read(name: &str, kind: Option<&str>, from: Option<&str>) -> Result<Given, Error> {
    let text = match from {
        None if stdin().is_terminal() => return prompt(name, kind),
        None | Some("-") => {
            let mut text = String::new();
            stdin().read_to_string(&mut text).map_err(|error| Error::bad_input(format!("standard input: {error}")))?;
            text
        }
        Some(file) => fs::read_to_string(file).map_err(|error| Error::bad_input(format!("{file}: {error}")))?,
    };
    parse(kind, &text).map_err(Error::bad_input)
}

/// A JSON object of fields, one with `type` and `data` as the public dialect keeps them in files, or the one
/// secret that makes up a credential of the type.
fn parse(kind: Option<&str>, text: &str) -> Result<Given, String> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err("the value is empty".to_owned());
    }
    if trimmed.starts_with('{') {
        let mut map: Map<String, Value> =
            serde_json::from_str(trimmed).map_err(|error| format!("the value is not a JSON object: {error}"))?;
        let own = map.get("type").and_then(Value::as_str).map(str::to_owned);
        if own.is_some() {
            map.remove("type");
        }
        // `data` may as well be a field of the credential; only beside a `type` it is what holds the fields.
        let is_wrapped = own.is_some() && map.get("data").is_some_and(Value::is_object);
        let kind = kind.map(str::to_owned).or(own).unwrap_or_else(|| "generic".to_owned());
        let value = if is_wrapped { map.remove("data").unwrap_or_default() } else { Value::Object(map) };
        return Ok(Given { kind, value });
    }
    let field = match kind {
        Some("bearer") => "token",
        Some("api_key") => "value",
        Some("postgres") if trimmed.contains("://") => "url",
        _ => {
            return Err("the value must be a JSON object of the credential's fields, such as {\"token\": \"…\"}; for \
                        --type bearer and api_key the token alone will do, for postgres a URL"
                .to_owned());
        }
    };
    let value = Value::Object([(field.to_owned(), Value::String(trimmed.to_owned()))].into_iter().collect());
    Ok(Given { kind: kind.unwrap_or_default().to_owned(), value })
}

fn prompt(name: &str, kind: Option<&str>) -> Result<Given, Error> {
    let term = Term::stderr();
    let kind = kind.unwrap_or("generic");
    let failed = |error: std::io::Error| Error::failed(format!("the terminal: {error}"));
    let Some(known) = credential::kind(kind) else {
        write!(&term, "Fields of `{name}` as a JSON object (not shown): ").map_err(failed)?;
        let text = term.read_secure_line().map_err(failed)?;
        return parse(Some(kind), &text).map_err(Error::bad_input);
    };
    let mut value = Map::new();
    for field in known.fields {
        match (field.default, field.is_secret) {
            (Some(default), _) => write!(&term, "{} [{default}]: ", field.label),
            (None, true) => write!(&term, "{} (not shown): ", field.label),
            (None, false) => write!(&term, "{}: ", field.label),
        }
        .map_err(failed)?;
        let line = if field.is_secret { term.read_secure_line() } else { term.read_line() }.map_err(failed)?;
        let line = if field.is_secret { line } else { line.trim().to_owned() };
        match (line.is_empty(), field.default) {
            (false, _) => value.insert(field.name.to_owned(), Value::String(line)),
            (true, Some(default)) => value.insert(field.name.to_owned(), Value::String(default.to_owned())),
            (true, None) if field.is_optional => None,
            (true, None) => return Err(Error::bad_input(format!("`{}` is empty; nothing was stored", field.name))),
        };
    }
    Ok(Given { kind: kind.to_owned(), value: Value::Object(value) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_come_in_the_shapes_people_have_them_in() {
        for (kind, text, expect) in [
            (Some("bearer"), "hunter2\n", Ok(("bearer", json!({"token": "hunter2"})))),
            (Some("api_key"), "hunter2", Ok(("api_key", json!({"value": "hunter2"})))),
            (Some("postgres"), "postgres://u:p@h/d\n", Ok(("postgres", json!({"url": "postgres://u:p@h/d"})))),
            (None, r#"{"type": "basic", "username": "u"}"#, Ok(("basic", json!({"username": "u"})))),
            (None, r#"{"a": 1}"#, Ok(("generic", json!({"a": 1})))),
            (
                None,
                r#"{"name": "pg", "type": "postgres", "tags": [], "data": {"db_host": "h"}}"#,
                Ok(("postgres", json!({"db_host": "h"}))),
            ),
            (Some("generic"), r#"{"data": {"a": 1}}"#, Ok(("generic", json!({"data": {"a": 1}})))),
            (Some("generic"), r#"{"data": "x"}"#, Ok(("generic", json!({"data": "x"})))),
            (None, "hunter2", Err("must be a JSON object")),
            (Some("postgres"), "hunter2", Err("must be a JSON object")),
            (None, "{\"hunter2\"", Err("not a JSON object")),
            (None, " \n", Err("is empty")),
        ] {
            match (parse(kind, text), expect) {
                (Ok(given), Ok((kind, value))) => assert_eq!((given.kind.as_str(), given.value), (kind, value)),
                (Err(message), Err(part)) => {
                    assert!(message.contains(part) && !message.contains("hunter2"), "{message}");
                }
                (found, _) => panic!("{text}: {:?}", found.map(|given| given.kind)),
            }
        }
    }
}
