//! Handing out tasks: what a provider gets to do, rendered when the task is created.

use super::{ENGINE, data, template_error, turn::Turn};
use crate::{
    child_id,
    context::Scope,
    playbook::{PLAYBOOK, Save},
};
use protocol::{Task, TaskError, TaskKey, TaskPart, Timestamp, event::ActionStarted, task::Credentials};
use serde_json::Value;
use std::sync::Arc;

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
        let step = self.playbook.index_of(&key.step).map(|step| self.playbook.step(step));
        let action = step.and_then(|step| step.action_of(key.item)).filter(|_| key.part.is_action());
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
        let gone = || TaskError::new("template_failed", format!("step `{}` has no such task any more", step.name));
        let (action, scope, input) = match key.part {
            TaskPart::Action => {
                let action = step.action_of(key.item).ok_or_else(gone)?;
                let (scope, input) = self.ground(index, &key)?;
                (action, scope, input)
            }
            TaskPart::Save => {
                let save = step.save_of(key.item).and_then(Save::task).ok_or_else(gone)?;
                let scope = self.scope_of_save(index, &key)?;
                let input = self.data_to_save(save, &key, &scope)?;
                (&save.action, scope, input)
            }
        };
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

    /// The names that the fields of a piece of work know, and what it runs on.
    pub(super) fn ground(&self, index: usize, key: &TaskKey) -> Result<(Scope, Arc<Value>), TaskError> {
        let scope = self.scope_of_piece(index, key);
        let Some(item) = key.item else {
            return Ok((scope, self.state.visit_input(&key.step, key.visit).cloned().unwrap_or_default()));
        };
        let input = self.input_of_item(index, key, item, &scope)?;
        Ok((scope.with_data(input.clone()), input))
    }

    /// The names around a piece of work: those of its visit, and of its item.
    pub(super) fn scope_of_piece(&self, index: usize, key: &TaskKey) -> Scope {
        let input = self.state.visit_input(&key.step, key.visit).cloned().unwrap_or_default();
        let before = self.state.result_before(&key.step, key.visit).cloned();
        let scope = Scope::of(&self.state).with_last(before).with_data(input);
        match key.item.and_then(|item| self.names_of(index, key, item)) {
            Some(names) => scope.clone().with_parent(scope).with_data(Arc::new(names)),
            None => scope,
        }
    }

    /// What the submitter asked for; else what the playbook says.
    fn priority(&self) -> i32 {
        match self.state.origin().priority {
            0 => self.playbook.priority(),
            asked => asked,
        }
    }
}
