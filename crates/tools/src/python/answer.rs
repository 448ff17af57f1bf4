//! What a python process answered, as a task's outcome.

use protocol::{
    TaskError,
    task::{Logs, TaskOutcome},
};
use serde::Deserialize;
use serde_json::Value;
use std::{fs::File, io::Read, os::unix::process::ExitStatusExt, path::Path, process::ExitStatus, sync::Arc};
use worker::Run;

/// A result's size as JSON. It travels in an event and is kept in the log.
pub(super) const RESULT_BYTES: u64 = 4 << 20;

#[derive(Deserialize)]
struct Failure {
    code: String,
    message: String,
    details: Option<String>,
}

/// Reads the answer file of a process that ended with `status`.
pub(super) fn outcome(path: &Path, status: ExitStatus) -> TaskOutcome {
    match read(path) {
        Some((b'R', text)) => match serde_json::from_slice(&text) {
            Ok(result) => judged(result),
            Err(error) => failed(TaskError::new("python_result", format!("the result cannot be kept: {error}"))),
        },
        Some((b'E', text)) => failed(match serde_json::from_slice::<Failure>(&text) {
            Ok(Failure { code, message, details }) => {
                let error = TaskError::new(code, message);
                if let Some(details) = details { error.with_details(details) } else { error }
            }
            Err(_) => silent(status),
        }),
        _ => failed(silent(status)),
    }
}

pub(super) fn run_failed(error: TaskError, logs: Logs) -> Run {
    Run::failed(error).with_logs(logs)
}

fn failed(error: TaskError) -> TaskOutcome {
    TaskOutcome::Failed { error, result: None }
}

/// A result whose `status` is `error` fails the step and is kept beside the error.
fn judged(result: Value) -> TaskOutcome {
    if result.get("status").and_then(Value::as_str) != Some("error") {
        return TaskOutcome::Completed { result: Arc::new(result) };
    }
    let why = ["error", "message"].iter().find_map(|name| match result.get(name)? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    });
    let message = why.unwrap_or_else(|| "the code returned `status: error`".to_owned());
    TaskOutcome::Failed { error: TaskError::new("python_status", message), result: Some(Arc::new(result)) }
}

/// Ended without an answer.
fn silent(status: ExitStatus) -> TaskError {
    match (status.signal(), status.code()) {
        (Some(9), _) => TaskError::new(
            "python_killed",
            "python was killed (SIGKILL) before it returned a result; if nobody did it by hand, memory ran out",
        ),
        (Some(signal), _) => TaskError::new(
            "python_killed",
            format!("python died of signal {signal}{} before it returned a result", named(signal)),
        ),
        (None, code) => TaskError::new(
            "python_exit",
            format!("python ended with exit code {} without returning a result", code.unwrap_or_default()),
        ),
    }
}

fn named(signal: i32) -> &'static str {
    match signal {
        6 => " (SIGABRT)",
        7 => " (SIGBUS)",
        11 => " (SIGSEGV: deep recursion or a broken extension)",
        15 => " (SIGTERM)",
        24 => " (SIGXCPU)",
        _ => "",
    }
}

/// The tag and the text; `None` when there is no whole answer of a legal size.
fn read(path: &Path) -> Option<(u8, Vec<u8>)> {
    let mut text = Vec::new();
    let size = File::open(path).ok()?.take(RESULT_BYTES + 2).read_to_end(&mut text).ok()?;
    if size == 0 || size as u64 > RESULT_BYTES + 1 {
        return None;
    }
    let tag = text.remove(0);
    Some((tag, text))
}
