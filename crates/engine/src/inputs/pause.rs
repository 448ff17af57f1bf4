//! Pause: nothing new begins until it is resumed.

use crate::evaluate::Turn;

pub(super) fn pause(turn: &mut Turn<'_>, reason: String, by: String) {
    if !turn.state().is_paused() {
        turn.pause(reason, by);
    }
}
