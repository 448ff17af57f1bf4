//! The end of an attempt: it is tried again, or it stands and the visit goes on.

use super::{retry::Again, turn::Turn};
use protocol::{TaskError, TaskKey, TaskPart, event::RetryScheduled};
use serde_json::Value;
use std::sync::Arc;

impl Turn<'_> {
    /// What follows from an attempt whose end is in the log: `again` is what the step's `retry` says.
    pub(crate) fn attempt_ended(
        &mut self,
        index: usize,
        key: &TaskKey,
        outcome: Result<(), TaskError>,
        again: Result<Option<Again>, TaskError>,
    ) {
        match (again, outcome) {
            (Ok(Some(again)), _) => self.try_again(index, key, &again),
            (Ok(None), Ok(())) => self.piece_done(index, key),
            (Ok(None), Err(error)) => self.piece_failed(index, key, error),
            (Err(error), Ok(())) => self.piece_failed(index, key, error),
            (Err(error), Err(first)) => self.piece_failed(index, key, asked_after(error, &first)),
        }
    }

    /// Schedules the next attempt of a piece of work.
    pub(crate) fn try_again(&mut self, index: usize, key: &TaskKey, again: &Again) {
        let due = self.now.plus_ms(again.delay_ms);
        let next = TaskKey { attempt: key.attempt + 1, ..key.clone() };
        self.emit(RetryScheduled {
            execution_id: self.execution_id(),
            path: self.path(),
            step: next.step.clone(),
            visit: next.visit,
            attempt: next.attempt,
            part: next.part,
            item: next.item,
            delay_ms: again.delay_ms,
            due,
            reason: again.reason.clone(),
        });
        if let Err(error) = self.offer(index, next.clone(), due) {
            self.piece_failed(index, &next, error);
        }
    }

    /// A piece of work is done; its result is in the state.
    pub(crate) fn piece_done(&mut self, index: usize, key: &TaskKey) {
        let input = self.input_of(key);
        match (key.item, key.part) {
            (Some(_), _) => self.item_done(index, key),
            (None, TaskPart::Action) => self.action_done(index, key.visit, key.attempt, input),
            (None, TaskPart::Save) => self.complete_visit(index, key.visit, key.attempt, input, None),
        }
    }

    /// A piece of work has failed for good.
    pub(crate) fn piece_failed(&mut self, index: usize, key: &TaskKey, error: TaskError) {
        if key.item.is_some() {
            return self.item_failed(index, key, error);
        }
        let input = self.input_of(key);
        self.fail_visit(index, key.visit, key.attempt, input, error);
    }

    fn input_of(&self, key: &TaskKey) -> Arc<Value> {
        self.state.visit_input(&key.step, key.visit).cloned().unwrap_or_default()
    }
}

/// A condition of a retry that failed, after an attempt that had failed too.
pub(crate) fn asked_after(mut error: TaskError, first: &TaskError) -> TaskError {
    error.message = format!("{}; it was asked because the attempt failed: {}", error.message, first.message);
    error
}
