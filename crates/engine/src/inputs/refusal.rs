//! What people's commands are answered when they cannot be carried out.

use super::{Input, signal};
use crate::{
    Execution, Playbook,
    execution::Hold,
    playbook::{Work, answer},
};
use protocol::{Phase, TaskError};
use serde_json::Value;

/// Why a command of a person cannot be carried out now, if it cannot; whoever sent it is told this, and nothing is
/// evaluated. `None` for every input that is not a person's.
pub fn refusal(playbook: &Playbook, execution: &Execution, input: &Input) -> Option<TaskError> {
    let id = execution.id();
    match (execution.phase(), input) {
        (
            Phase::Completed,
            Input::Signal { .. }
            | Input::Pause { .. }
            | Input::Resume { .. }
            | Input::Cancel { .. }
            | Input::Terminate { .. },
        ) => Some(TaskError::new("already_ended", format!("execution `{id}` has ended already"))),
        (Phase::Initial, Input::Signal { .. } | Input::Pause { .. } | Input::Resume { .. }) => {
            Some(TaskError::new("not_started", format!("execution `{id}` has not begun yet: it waits to be let in")))
        }
        (Phase::InProgress, Input::Pause { .. }) if execution.is_paused() => {
            Some(TaskError::new("already_paused", format!("execution `{id}` is paused already")))
        }
        (Phase::InProgress, Input::Resume { .. }) if !execution.is_paused() => {
            Some(TaskError::new("not_paused", format!("execution `{id}` is not paused")))
        }
        (Phase::InProgress, Input::Cancel { .. }) if execution.is_cancelling() => Some(TaskError::new(
            "already_cancelled",
            format!("execution `{id}` is cancelled already and cleans up; terminate it to end that too"),
        )),
        (Phase::InProgress, Input::Signal { name, visit, data, .. }) => {
            of_signal(playbook, execution, name, *visit, data)
        }
        _ => None,
    }
}

fn of_signal(
    playbook: &Playbook,
    execution: &Execution,
    name: &str,
    visit: Option<u32>,
    data: &Value,
) -> Option<TaskError> {
    let mut asking = execution.asking(name);
    if let Some((_, piece)) = asking.find(|(key, _)| visit.is_none_or(|visit| visit == key.visit)) {
        let Hold::Asks { form, .. } = &piece.hold else { return None };
        let problem = answer(form, data).err()?;
        return Some(TaskError::new(
            "form_invalid",
            format!("the answer to approval `{name}` does not fit: {problem}"),
        ));
    }
    if execution.listener(name, visit).is_some() {
        return None;
    }
    if let Some(visit) = visit {
        return Some(TaskError::new("not_waiting", format!("no visit {visit} waits for `{name}` now")));
    }
    if playbook.may_wait_for(name) {
        let is_full = execution.kept_signals() >= signal::MAX_KEPT;
        let message = format!("{} signals are kept that no step has waited for yet", signal::MAX_KEPT);
        return is_full.then(|| TaskError::new("too_many_signals", message));
    }
    let is_approval = playbook.index_of(name).is_some_and(|step| matches!(playbook.step(step).work, Work::Approval(_)));
    if is_approval {
        return Some(TaskError::new(
            "not_waiting",
            format!("approval `{name}` is not asked for now: nothing to answer"),
        ));
    }
    let known: Vec<String> = playbook.signals().map(|name| format!("`{name}`")).collect();
    let message = match known.is_empty() {
        true => format!("playbook `{}` waits for no signal and asks for no approval", playbook.path()),
        false => format!("playbook `{}` knows no signal `{name}`, only {}", playbook.path(), known.join(", ")),
    };
    Some(TaskError::new("unknown_signal", message))
}
