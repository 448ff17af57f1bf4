//! Cancel: the execution ends at once; its tasks are no longer wanted.

use crate::evaluate::Turn;
use protocol::{Outcome, event::ExecutionCancelled};

pub(super) fn cancel(turn: &mut Turn<'_>, reason: String, by: String) {
    turn.settle_all();
    turn.emit(ExecutionCancelled { execution_id: turn.execution_id(), path: turn.path(), reason, by, forced: false });
    turn.end(Outcome::Cancelled, None, None);
}

/// An execution that was never let in. One that nobody queued is not known.
pub(super) fn cancel_queued(turn: &mut Turn<'_>, reason: String, by: String, forced: bool) {
    if turn.state().is_queued() {
        turn.emit(ExecutionCancelled { execution_id: turn.execution_id(), path: turn.path(), reason, by, forced });
        turn.end(Outcome::Cancelled, None, None);
    }
}
