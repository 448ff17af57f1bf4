//! Late: a worker reported a task that was settled when it was looked for.

use crate::evaluate::Turn;
use protocol::{TaskKey, event::ReportLate};

/// The attempt does not count: it is told, once, if its worker was lost; repeated reports are not. Of a task that is
/// open nothing is told either.
pub(super) fn late(turn: &mut Turn<'_>, key: TaskKey, outcome: &str, worker: String) {
    if !turn.state().was_lost(&key) {
        return;
    }
    let TaskKey { step, visit, attempt, part, item, .. } = key;
    turn.emit(ReportLate {
        execution_id: turn.execution_id(),
        path: turn.path(),
        step,
        visit,
        attempt,
        part,
        item,
        worker,
        outcome: outcome.to_owned(),
    });
}
