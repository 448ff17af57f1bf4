//! Report: a worker finished a task.

use super::late;
use crate::{
    evaluate::{Turn, asked_after},
    execution::failure,
};
use protocol::{
    TaskError, TaskKey, TaskReport,
    event::{ActionCompleted, ActionFailed},
    task::TaskOutcome,
};
use serde_json::Value;
use std::sync::Arc;

pub(super) fn report(turn: &mut Turn<'_>, report: TaskReport, worker: String) {
    if !turn.state().is_open(&report.key) {
        let outcome = report.outcome.name();
        return late::late(turn, report.key, outcome, worker);
    }
    let Some(step) = turn.playbook().index_of(&report.key.step) else { return };
    if !turn.state().is_claimed(&report.key) {
        turn.begin_attempt(&report.key, worker);
    }
    turn.settle(report.key.clone());
    let (key, mut error, result) = outcome(report.key, report.outcome);
    // An item ends with this attempt, and no event comes after that says otherwise.
    if error.is_none() && key.item.is_some() {
        error = turn.broken_promise(step, &key, result.as_deref());
    }
    let seen = match (&error, &result) {
        (None, result) => result.clone().unwrap_or_default(),
        (Some(error), result) => Arc::new(failure(result.as_deref(), error)),
    };
    let mut again = turn.again(step, &key, &seen, error.as_ref());
    if key.item.is_some()
        && let Err(why) = again
    {
        let why = error.as_ref().map_or_else(|| why.clone(), |first| asked_after(why.clone(), first));
        error = Some(why.at(&key.step, key.attempt));
        again = Ok(None);
    }
    let (execution_id, path) = (turn.execution_id(), turn.path());
    let TaskKey { visit, attempt, part, item, .. } = key;
    let (step_name, duration_ms, logs) = (key.step.clone(), report.duration_ms, report.logs);
    match error.clone() {
        None => turn.emit(ActionCompleted {
            execution_id,
            path,
            step: step_name,
            visit,
            attempt,
            part,
            item,
            result: seen,
            duration_ms,
            logs,
        }),
        Some(error) => turn.emit(ActionFailed {
            execution_id,
            path,
            step: step_name,
            visit,
            attempt,
            part,
            item,
            error,
            result,
            duration_ms,
            logs,
        }),
    }
    turn.attempt_ended(step, &key, error.map_or(Ok(()), Err), again);
    turn.flow();
}

fn outcome(key: TaskKey, outcome: TaskOutcome) -> (TaskKey, Option<TaskError>, Option<Arc<Value>>) {
    let (error, result) = match outcome {
        TaskOutcome::Completed { result } => (told_failure(&result), Some(result)),
        TaskOutcome::Failed { error, result } => (Some(error), result),
    };
    let error = error.map(|error| error.at(&key.step, key.attempt));
    (key, error, result)
}

/// The error a result tells of itself: a map with `status: error`.
fn told_failure(result: &Value) -> Option<TaskError> {
    let map = result.as_object()?;
    if map.get("status")?.as_str()? != "error" {
        return None;
    }
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(map) => map.get("message").and_then(Value::as_str).map(str::to_owned),
        Value::Null => None,
        other => Some(other.to_string()),
    };
    let message = ["error", "message"].into_iter().find_map(|field| map.get(field).and_then(text));
    Some(TaskError::new("status_error", message.unwrap_or_else(|| "the action returned `status: error`".to_owned())))
}
