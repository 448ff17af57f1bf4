//! The end of an execution.

use super::{data, node_name, turn::Turn};
use crate::context::Scope;
use protocol::{Outcome, TaskError, event::ExecutionComplete};
use serde_json::Value;
use std::{collections::HashSet, sync::Arc};

impl Turn<'_> {
    /// No branch is live: the result, and the end. What was cancelled has cleaned up.
    pub(super) fn complete(&mut self) {
        if self.state.is_cancelling() {
            let error = self.state.failed_cleanup().cloned();
            return self.end(Outcome::Cancelled, None, error);
        }
        match self.final_result() {
            Ok(result) => self.end(Outcome::Completed, Some(result), None),
            Err(error) => self.fail_execution(error),
        }
    }

    /// Ends the execution as failed; its other branches are cancelled. One that was cancelled stays cancelled.
    pub(crate) fn fail_execution(&mut self, error: TaskError) {
        let mut error = error;
        if let Some(step) = &error.step {
            let attempt = error.attempt.unwrap_or(1);
            error.message = format!("step `{step}` failed (attempt {attempt}): {}", error.message);
        }
        let outcome = if self.state.is_cancelling() { Outcome::Cancelled } else { Outcome::Failed };
        self.end(outcome, None, Some(error));
    }

    /// Ends the execution. Open tasks are no longer wanted; those of this very decision are never handed out.
    pub(crate) fn end(&mut self, outcome: Outcome, result: Option<Arc<Value>>, error: Option<TaskError>) {
        let new: HashSet<_> = std::mem::take(&mut self.tasks).into_iter().map(|new| new.task.key.clone()).collect();
        let open: Vec<_> = self.state.open_tasks().filter(|key| !new.contains(key)).collect();
        self.settled.extend(open);
        self.emit(ExecutionComplete {
            execution_id: self.execution_id(),
            path: self.path(),
            node_name: node_name(self.state.path()).to_owned(),
            outcome,
            result: result.unwrap_or_default(),
            error,
            duration_ms: self.now.ms_since(self.state.started_at().unwrap_or(self.state.created_at())),
            progress: self.state.progress(),
        });
    }

    /// The `result` of an end that was reached; else what its action or save came to; else the result of the step
    /// that finished last; else `null`.
    fn final_result(&self) -> Result<Arc<Value>, TaskError> {
        let ends = || self.playbook.steps().iter().filter(|step| step.is_end);
        for step in ends() {
            let was_reached = self.state.visits(&step.name) > 0 || self.state.is_waiting(&step.name);
            let Some(template) = step.result.as_ref().filter(|_| was_reached) else { continue };
            let brought = data::of_arrivals(&self.state.arrivals(&step.name));
            let scope = Scope::of(&self.state).with_data(brought);
            return template
                .render(self.playbook.texts(), &scope)
                .map_err(|error| TaskError::new("template_failed", error.to_string()).at(&step.name, 1));
        }
        let of_end = ends().filter(|step| step.is_actionable()).find_map(|step| self.state.step_result(&step.name));
        Ok(of_end.or_else(|| self.state.last_result()).cloned().unwrap_or_default())
    }
}
