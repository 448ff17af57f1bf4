//! Claim: a worker took a task.

use crate::evaluate::Turn;
use protocol::{TaskKey, event::ActionStarted};

pub(super) fn claim(turn: &mut Turn<'_>, key: &TaskKey, worker: String) {
    if let Some((false, _)) = turn.state().open_task(key) {
        action_started(turn, key, worker);
    }
}

pub(super) fn action_started(turn: &mut Turn<'_>, key: &TaskKey, worker: String) {
    turn.emit(ActionStarted {
        execution_id: turn.execution_id(),
        path: turn.path(),
        step: key.step.clone(),
        visit: key.visit,
        attempt: key.attempt,
        part: key.part,
        item: key.item,
        worker,
        child: None,
        until: None,
        signal: None,
    });
}
