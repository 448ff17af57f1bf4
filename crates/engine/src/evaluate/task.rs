//! Handing out tasks: what a provider gets to do, rendered when the task is created.

use super::{data, template_error, turn::Turn};
use crate::context::Scope;
use protocol::{Task, TaskError, TaskKey, Timestamp, task::Credentials};

impl Turn<'_> {
    /// Hands out the task of a piece of work that is open. While the execution is paused, resuming it does.
    ///
    /// # Errors
    /// When a field cannot be rendered: the attempt has failed before it began.
    pub(crate) fn offer(&mut self, index: usize, key: TaskKey, due: Timestamp) -> Result<(), TaskError> {
        if !self.state.is_paused() {
            let task = self.task(index, key)?;
            self.hand_out(task, due);
        }
        Ok(())
    }

    fn task(&self, index: usize, key: TaskKey) -> Result<Task, TaskError> {
        let step = self.playbook.step(index);
        let Some(action) = step.action() else {
            return Err(TaskError::new("template_failed", format!("step `{}` has no action any more", step.name)));
        };
        let input = self.state.visit_input(&key.step, key.visit).cloned().unwrap_or_default();
        let before = self.state.result_before(&key.step, key.visit).cloned();
        let scope = Scope::of(&self.state).with_last(before).with_data(input.clone());
        let config = data::map(&action.config, self.playbook, &scope).map_err(|error| template_error(&error))?;
        Ok(Task {
            key,
            protocol: action.protocol.clone(),
            config,
            input,
            timeout_ms: action.timeout_ms,
            heartbeat_ms: action.heartbeat_ms,
            priority: self.priority(),
            credentials: Credentials::default(),
        })
    }
    /// What the submitter asked for; else what the playbook says.
    fn priority(&self) -> i32 {
        match self.state.origin().priority {
            0 => self.playbook.priority(),
            asked => asked,
        }
    }
}
