//! Claim: a worker took a task.

use crate::{evaluate::Turn, execution::Hold};
use protocol::TaskKey;

/// A task that is due later, or that a pause took back, is not there to be taken.
pub(super) fn claim(turn: &mut Turn<'_>, key: &TaskKey, worker: String) {
    let is_free = |hold: &Hold| matches!(hold, Hold::Open(due) if turn.state().has_come(*due, turn.now()));
    let is_free = turn.state().piece(key).is_some_and(|piece| is_free(&piece.hold));
    if is_free && !turn.state().is_paused() {
        turn.begin_attempt(key, worker);
    }
}
