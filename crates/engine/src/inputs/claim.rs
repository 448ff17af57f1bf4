//! Claim: a worker took a task.

use crate::{evaluate::Turn, execution::Hold};
use protocol::{TaskKey, event::ActionStarted};

/// A task that is due later, or that a pause took back, is not there to be taken.
pub(super) fn claim(turn: &mut Turn<'_>, key: &TaskKey, worker: String) {
    let is_free = |hold: &Hold| matches!(hold, Hold::Open(due) if *due <= turn.now());
    let is_free = turn.state().piece(key).is_some_and(|piece| is_free(&piece.hold));
    if is_free && !turn.state().is_paused() {
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
