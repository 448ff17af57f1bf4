//! Report: a worker finished a task.

use super::claim;
use crate::evaluate::Turn;
use protocol::{
    TaskError, TaskKey, TaskReport,
    event::{ActionCompleted, ActionFailed},
    task::{Logs, TaskOutcome},
};
use serde_json::Value;
use std::sync::Arc;

pub(super) fn report(turn: &mut Turn<'_>, report: TaskReport, worker: String) {
    let TaskReport { key, outcome, duration_ms, logs } = report;
    let Some((is_claimed, input)) = turn.state().open_task(&key).map(|(claimed, input)| (claimed, input.clone()))
    else {
        return;
    };
    let Some(step) = turn.playbook().index_of(&key.step) else { return };
    if !is_claimed {
        claim::action_started(turn, &key, worker);
    }
    turn.settle(key.clone());
    match outcome {
        TaskOutcome::Completed { result } => match told_failure(&result) {
            None => {
                let (execution_id, path) = (turn.execution_id(), turn.path());
                let TaskKey { visit, attempt, part, item, .. } = key;
                turn.emit(ActionCompleted {
                    execution_id,
                    path,
                    step: key.step,
                    visit,
                    attempt,
                    part,
                    item,
                    result,
                    duration_ms,
                    logs,
                });
                turn.action_done(step, visit, attempt, input);
            }
            Some(error) => failed(turn, step, key, error, Some(result), duration_ms, logs, input),
        },
        TaskOutcome::Failed { error, result } => failed(turn, step, key, error, result, duration_ms, logs, input),
    }
    turn.flow();
}

#[allow(clippy::too_many_arguments)]
fn failed(
    turn: &mut Turn<'_>,
    step: usize,
    key: TaskKey,
    error: TaskError,
    result: Option<Arc<Value>>,
    duration_ms: u64,
    logs: Logs,
    input: Arc<Value>,
) {
    let error = error.at(&key.step, key.attempt);
    turn.emit(ActionFailed {
        execution_id: turn.execution_id(),
        path: turn.path(),
        step: key.step,
        visit: key.visit,
        attempt: key.attempt,
        part: key.part,
        item: key.item,
        error: error.clone(),
        result,
        duration_ms,
        logs,
    });
    turn.fail_visit(step, key.visit, key.attempt, input, error);
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
