//! Signal: an approval is answered, or what a `wait` waits for has come.

use crate::{evaluate::Turn, execution::Hold, playbook::answer};
use protocol::{TaskKey, event::SignalReceived};
use serde_json::Value;
use std::sync::Arc;

/// Signals that are kept for waits to come, of all names together: they take memory.
pub(super) const MAX_KEPT: u32 = 1_000;

/// An approval that asks goes first, then a wait under way; else it is kept for one to come.
pub(super) fn signal(turn: &mut Turn<'_>, name: String, visit: Option<u32>, data: Arc<Value>, by: String) {
    let asking = turn.state().asking(&name).find(|(key, _)| visit.is_none_or(|visit| visit == key.visit));
    if let Some((key, hold)) = asking.map(|(key, piece)| (key, piece.hold.clone())) {
        let Hold::Asks { since, form, .. } = hold else { return };
        let (Ok(values), Some(step)) = (answer(&form, &data), turn.playbook().index_of(&key.step)) else { return };
        received(turn, name, Some(&key), data, &by);
        turn.answered(step, &key, values, &by, since);
        turn.flow();
    } else if let Some(key) = turn.state().listener(&name, visit) {
        let Some(step) = turn.playbook().index_of(&key.step) else { return };
        let since = match turn.state().piece(&key).map(|piece| &piece.hold) {
            Some(Hold::Waits { since, .. }) => *since,
            _ => turn.now(),
        };
        received(turn, name, Some(&key), data.clone(), &by);
        turn.waited(step, &key, data, turn.now().ms_since(since));
        turn.flow();
    } else if visit.is_none() && turn.state().kept_signals() < MAX_KEPT && turn.playbook().may_wait_for(&name) {
        received(turn, name, None, data, &by);
    }
}

fn received(turn: &mut Turn<'_>, name: String, by_visit: Option<&TaskKey>, data: Arc<Value>, by: &str) {
    turn.emit(SignalReceived {
        execution_id: turn.execution_id(),
        path: turn.path(),
        name,
        step: by_visit.map(|key| key.step.clone()),
        visit: by_visit.map(|key| key.visit),
        data,
        by: by.to_owned(),
    });
}
