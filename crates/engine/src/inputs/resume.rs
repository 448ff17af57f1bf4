//! Resume: what a pause held back goes on.

use crate::evaluate::Turn;

pub(super) fn resume(turn: &mut Turn<'_>, by: String) {
    if turn.state().is_paused() {
        turn.resume(by);
    }
}
