//! Cancel: the execution is to end; steps that have arcs for that clean up first.

use crate::evaluate::Turn;
use protocol::{Outcome, event::ExecutionCancelled};

/// A second one changes nothing: what cleans up goes on.
pub(super) fn cancel(turn: &mut Turn<'_>, reason: String, by: String) {
    if !turn.state().is_cancelling() {
        turn.cancel(reason, by);
    }
}

/// An execution that was never let in. One that nobody queued is not known.
pub(super) fn cancel_queued(turn: &mut Turn<'_>, reason: String, by: String, forced: bool) {
    if turn.state().is_queued() {
        turn.emit(ExecutionCancelled { execution_id: turn.execution_id(), path: turn.path(), reason, by, forced });
        turn.end(Outcome::Cancelled, None, None);
    }
}
