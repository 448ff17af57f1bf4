//! Tick: time has passed.

use crate::evaluate::Turn;

/// The execution's own time limit goes first; then every wait that is over, each with what follows from it.
pub(super) fn tick(turn: &mut Turn<'_>) {
    if turn.time_out() {
        return;
    }
    while let Some(key) = turn.state().due(turn.now()) {
        let Some(step) = turn.playbook().index_of(&key.step) else { return };
        turn.time_is_up(step, &key);
        turn.flow();
    }
}
