//! How long child executions may take. What enforces the limits of other tasks runs them; children are run by nobody
//! but the driver.
//!
//! The time counts from the child's start, as its log has it, so a restart does not give it more.

use super::{Driver, children::ENGINE};
use engine::Input;
use protocol::{
    ExecutionId, Task, TaskError, TaskReport, Timestamp,
    task::{Logs, TaskOutcome},
};
use std::sync::Arc;

impl Driver {
    /// Sets the timer of a child that is waited for, if its step has a limit.
    pub(super) fn limit_child(&mut self, id: ExecutionId) {
        let due = self.children.waiting.get(&id).and_then(|task| self.end_of_child(id, task)).map(|(due, _)| due);
        self.timers.child(id, due);
    }

    /// The timer of a child rang: if its time is over its task has failed, and what follows from that cancels it.
    pub(super) fn child_due(&mut self, id: ExecutionId) {
        let Some(task) = self.children.waiting.get(&id).cloned() else { return };
        let now = self.environment.now();
        let Some((_, limit_ms)) = self.end_of_child(id, &task).filter(|(due, _)| *due <= now) else {
            return self.limit_child(id);
        };
        let message = format!(
            "child execution {id} did not end within the time limit of {} s; raise `timeout_s`",
            limit_ms as f64 / 1_000.0
        );
        let outcome = TaskOutcome::Failed { error: TaskError::new("timeout", message), result: None };
        let report = TaskReport { key: task.key.clone(), outcome, duration_ms: limit_ms, logs: Logs::default() };
        let input = Input::Report { report, worker: ENGINE.to_owned() };
        self.post(task.key.execution_id, super::Letter::Input { input, reply: None });
    }

    /// When a child's time is over, and how much it has.
    fn end_of_child(&self, id: ExecutionId, task: &Arc<Task>) -> Option<(Timestamp, u64)> {
        let parent = self.slots.get(&task.key.execution_id)?;
        let limit_ms = parent.entry.playbook.child_limit_ms(&task.key.step, task.key.item)?;
        // One that is not here yet has just begun; should it be older, it is asked again when it is.
        let child = self.slots.get(&id).filter(|child| child.state.event_count() > 0);
        let begun = child.map_or_else(|| self.environment.now(), |child| child.state.created_at());
        Some((begun.plus_ms(limit_ms), limit_ms))
    }
}
