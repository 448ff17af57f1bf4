//! Handing out tasks: what a provider gets to do, rendered when the task is created.

use super::{ENGINE, data, template_error, turn::Turn};
use crate::{child_id, context::Scope, playbook::PLAYBOOK};
use protocol::{Task, TaskError, TaskKey, Timestamp, event::ActionStarted, task::Credentials};

impl Turn<'_> {
    /// Hands out the task of a piece of work that is open. While the execution is paused, resuming it does. One that
    /// is a child execution has begun with that, unless it is due later: then the engine claims it like a worker.
    ///
    /// # Errors
    /// When a field cannot be rendered: the attempt has failed before it began.
    pub(crate) fn offer(&mut self, index: usize, key: TaskKey, due: Timestamp) -> Result<(), TaskError> {
        if !self.state.is_paused() {
            let task = self.task(index, key)?;
            let child = (task.protocol == PLAYBOOK && due <= self.now).then(|| task.key.clone());
            self.hand_out(task, due);
            if let Some(key) = child {
                self.begin_attempt(&key, ENGINE.to_owned());
            }
        }
        Ok(())
    }

    /// Somebody took the task.
    pub(crate) fn begin_attempt(&mut self, key: &TaskKey, worker: String) {
        let action = self.playbook.index_of(&key.step).and_then(|step| self.playbook.step(step).action());
        let is_child = action.is_some_and(|action| action.protocol == PLAYBOOK);
        self.emit(ActionStarted {
            execution_id: self.execution_id(),
            path: self.path(),
            step: key.step.clone(),
            visit: key.visit,
            attempt: key.attempt,
            part: key.part,
            item: key.item,
            worker,
            child: is_child.then(|| child_id(key, self.state.created_at())),
            until: None,
            signal: None,
        });
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
