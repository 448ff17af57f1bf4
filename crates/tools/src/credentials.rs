//! The credentials a task was handed out with.

use crate::fields::bad_config;
use protocol::{Task, TaskError};
use serde_json::Value;

/// The task's credential of one of these kinds, with the name it is known by. One without a `type` is taken for
/// the kind that is needed, unless there are several.
///
/// # Errors
/// `bad_config` when there is none, or more than one.
pub(crate) fn one_of_kind<'a>(
    protocol: &str,
    task: &'a Task,
    kinds: &[&str],
) -> Result<(&'a str, &'a Value), TaskError> {
    let all = &task.credentials.0;
    let fits = |value: &Value| kind_of(value).is_none_or(|kind| kinds.contains(&kind));
    let mut found = all.iter().filter(|(_, value)| fits(value));
    match (found.next(), found.next()) {
        (Some((name, value)), None) => Ok((name, value)),
        (Some(_), Some(_)) => Err(bad_config(format!(
            "{protocol}: `auth` names several credentials for it: {}; name one",
            all.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        ))),
        (None, _) if all.is_empty() => Err(bad_config(format!(
            "{protocol}: `auth` is missing: name a stored credential (`signalbox credentials set NAME --type {}`)",
            kinds[0]
        ))),
        (None, _) => Err(bad_config(format!(
            "{protocol}: `auth` names no credential of type {}, but {}",
            kinds[0],
            all.iter()
                .map(|(name, value)| format!("`{name}` of type {}", kind_of(value).unwrap_or("unknown")))
                .collect::<Vec<_>>()
                .join(", ")
        ))),
    }
}

/// What a credential says it is; `generic` says nothing.
pub(crate) fn kind_of(credential: &Value) -> Option<&str> {
    credential.get("type").and_then(Value::as_str).filter(|kind| *kind != "generic")
}
