//! Lost: a worker that had claimed a task will not report any more.

use crate::{
    evaluate::{Again, ENGINE, Turn},
    execution::{Hold, WORKER_LOST},
};
use protocol::{TaskError, TaskKey, event::ActionFailed, task::Logs};

/// Attempts that may be lost in a visit, or of an item: then it is the work that kills its workers.
const MAX_LOST: u32 = 5;

/// The work is handed out again under the number of a new attempt: should the lost worker report after all, its
/// attempt is not the one that counts.
pub(super) fn lost(turn: &mut Turn<'_>, key: TaskKey, worker: &str, reason: &str) {
    let Some(piece) = turn.state().piece(&key).filter(|piece| piece.hold == Hold::Claimed) else { return };
    let Some(step) = turn.playbook().index_of(&key.step) else { return };
    if worker == ENGINE {
        return;
    }
    let lost = piece.lost + 1;
    turn.settle(key.clone());
    if lost < MAX_LOST {
        turn.try_again(step, &key, &Again { delay_ms: 0, reason: WORKER_LOST.to_owned() });
    } else {
        let message = format!(
            "worker `{worker}` was lost while it ran this ({reason}); {lost} attempts were lost like that, so it is not \
             handed out again"
        );
        let error = TaskError::new(WORKER_LOST, message).at(&key.step, key.attempt);
        turn.emit(ActionFailed {
            execution_id: turn.execution_id(),
            path: turn.path(),
            step: key.step.clone(),
            visit: key.visit,
            attempt: key.attempt,
            part: key.part,
            item: key.item,
            error: error.clone(),
            result: None,
            duration_ms: 0,
            logs: Logs::default(),
        });
        turn.piece_failed(step, &key, error);
    }
    turn.flow();
}
