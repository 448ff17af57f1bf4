//! Terminate: the execution ends at once; no arc for a cancellation is taken.

use crate::evaluate::Turn;
use protocol::{Outcome, event::ExecutionCancelled};

pub(super) fn terminate(turn: &mut Turn<'_>, reason: String, by: String) {
    turn.settle_all();
    turn.emit(ExecutionCancelled { execution_id: turn.execution_id(), path: turn.path(), reason, by, forced: true });
    turn.end(Outcome::Cancelled, None, None);
}
