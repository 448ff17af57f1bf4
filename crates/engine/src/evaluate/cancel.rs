//! A cancellation: everything stops, and steps that were under way may clean up.

use super::turn::Turn;
use crate::{execution::CANCELLED, playbook::On};
use protocol::{Outcome, TaskError, event::ExecutionCancelled};

impl Turn<'_> {
    /// Steps that are under way and have arcs `on: cancelled` end there, and their branches go on; when nothing is
    /// left, the execution ends as cancelled. Without such arcs that is at once.
    pub(crate) fn cancel(&mut self, reason: String, by: String) {
        // Asked before everything stops: afterwards the state knows nothing of it.
        let under_way: Vec<_> = self
            .state
            .visits_under_way()
            .into_iter()
            .filter_map(|(step, visit, attempt)| Some((self.playbook.index_of(&step)?, visit, attempt)))
            .filter(|(index, ..)| self.playbook.step(*index).next.iter().any(|arc| arc.on == On::Cancelled))
            .map(|(index, visit, attempt)| {
                let input = self.state.visit_input(&self.playbook.step(index).name, visit).cloned();
                (index, visit, attempt, input.unwrap_or_default())
            })
            .collect();
        let message = format!("the execution was cancelled by {by}: {reason}");
        self.stop(reason, by, false);
        for (index, visit, attempt, input) in under_way {
            let error = TaskError::new(CANCELLED, message.clone());
            self.end_badly(index, visit, attempt, input, error, On::Cancelled);
        }
        self.flow();
    }

    /// Ends the execution at once; no arc is taken.
    pub(crate) fn terminate(&mut self, reason: String, by: String) {
        self.stop(reason, by, true);
        self.end(Outcome::Cancelled, None, None);
    }

    /// No task that is open is wanted any more.
    fn stop(&mut self, reason: String, by: String, forced: bool) {
        self.settle_all();
        self.emit(ExecutionCancelled { execution_id: self.execution_id(), path: self.path(), reason, by, forced });
    }
}
