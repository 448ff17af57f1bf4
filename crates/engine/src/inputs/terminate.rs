//! Terminate: the execution ends at once; no arc for a cancellation is taken.

use crate::evaluate::Turn;

pub(super) fn terminate(turn: &mut Turn<'_>, reason: String, by: String) {
    turn.terminate(reason, by);
}
