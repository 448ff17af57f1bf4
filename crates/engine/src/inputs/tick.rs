//! Tick: time has passed.

use crate::evaluate::Turn;

pub(super) fn tick(turn: &mut Turn<'_>) {
    turn.time_out();
}
