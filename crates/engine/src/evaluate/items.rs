//! A visit of an iterator: its items, handed out as many at once as it says, and what they come to.

use super::{ENGINE, template_error, turn::Turn};
use crate::{
    context::{flattened, has_field},
    execution::ItemEnd,
    playbook::{Iterate, Save, Work},
};
use protocol::{
    TaskError, TaskKey, TaskPart,
    event::{ActionCompleted, ActionFailed, ActionStarted, IteratorCompleted, IteratorStarted},
    task::Logs,
};
use serde_json::{Value, json};
use std::sync::Arc;

impl Turn<'_> {
    /// A visit of an iterator begins: the items are settled once, and the first of them are handed out.
    pub(super) fn begin_items(&mut self, index: usize, iterate: &Iterate, visit: u32, input: Arc<Value>) {
        if let Some(name) = iterate.expects.iter().find(|name| input.get(name.as_str()).is_none()) {
            let message = format!("`assert.expects`: the input has no `{name}`");
            return self.fail_visit(index, visit, 1, input, TaskError::new("assert_expects", message));
        }
        let (items, concurrency) = match self.plan(index, iterate, &input) {
            Ok(plan) => plan,
            Err(error) => return self.fail_visit(index, visit, 1, input, error),
        };
        self.emit(IteratorStarted {
            execution_id: self.execution_id(),
            path: self.path(),
            step: self.playbook.step(index).name.to_string(),
            visit,
            mode: iterate.mode,
            concurrency,
            count: items.as_array().and_then(|items| u32::try_from(items.len()).ok()).unwrap_or_default(),
            items,
            saves: iterate.save.is_some(),
        });
        self.hand_out_items(index, iterate, visit, 0);
    }

    /// Hands out items from number `next` on, as far as they may run now. Ends the iterator when none is left.
    fn hand_out_items(&mut self, index: usize, iterate: &Iterate, visit: u32, mut next: u32) {
        let step = self.playbook.step(index).name.clone();
        // An item whose fields cannot be rendered is settled at once, and lets another one in.
        while self.state.iteration(&step, visit).is_some_and(|iteration| next < iteration.opened()) {
            let key = self.item_key(&step, visit, next, TaskPart::Action);
            next += 1;
            if let Err(error) = self.offer(index, key.clone(), self.now)
                && !self.item_broke(index, iterate, &key, error, Some(next))
            {
                return;
            }
        }
        if self.state.iteration(&step, visit).is_some_and(crate::execution::Iteration::is_done) {
            self.end_items(index, visit);
        }
    }

    /// The action of an item, or its save, is done.
    pub(super) fn item_done(&mut self, index: usize, key: &TaskKey) {
        let step = self.playbook.step(index);
        let (Work::Iterator(iterate), Some(item)) = (&step.work, key.item) else { return };
        let save = iterate.save.as_ref().filter(|_| key.part.is_action());
        let Some(save) = save else { return self.item_settled(index, iterate, key) };
        let key = self.item_key(&step.name, key.visit, item, TaskPart::Save);
        let failed = match save {
            Save::Task(_) => self.offer(index, key.clone(), self.now).err(),
            Save::Log(_) => self.log_item(index, save, &key).err(),
        };
        match failed {
            Some(error) => self.item_failed(index, &key, error),
            None if matches!(save, Save::Log(_)) => self.item_settled(index, iterate, &key),
            None => {}
        }
    }

    /// What an item's task asserts of its result, and does not hold.
    pub(crate) fn broken_promise(&self, index: usize, key: &TaskKey, result: Option<&Value>) -> Option<TaskError> {
        let action = self.playbook.step(index).action_of(key.item).filter(|_| key.part.is_action())?;
        let name = action.returns.iter().find(|name| !has_field(result.unwrap_or(&Value::Null), name))?;
        let message = format!("`assert.returns`: the result has no `{name}`");
        Some(TaskError::new("assert_returns", message).at(&key.step, key.attempt))
    }

    /// An item has failed for good.
    pub(super) fn item_failed(&mut self, index: usize, key: &TaskKey, error: TaskError) {
        let Work::Iterator(iterate) = &self.playbook.step(index).work else { return };
        if self.item_broke(index, iterate, key, error, None) {
            self.item_settled(index, iterate, key);
        }
    }

    /// Tells an item's failure, unless it is told. False when that was the end of the step. Of items from number
    /// `next` on no task was handed out; unless told, of those that this failure lets in.
    fn item_broke(
        &mut self,
        index: usize,
        iterate: &Iterate,
        key: &TaskKey,
        error: TaskError,
        next: Option<u32>,
    ) -> bool {
        let Some(item) = key.item else { return false };
        let error = error.at(&key.step, key.attempt);
        let iteration = self.state.iteration(&key.step, key.visit);
        if iteration.and_then(|iteration| iteration.end(item)).is_none_or(|end| end.error.is_none()) {
            self.emit(ActionFailed {
                execution_id: self.execution_id(),
                path: self.path(),
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
        }
        if !iterate.is_strict {
            return true;
        }
        let input = self.state.visit_input(&key.step, key.visit).cloned().unwrap_or_default();
        let error = TaskError { message: format!("item {item}: {}", error.message), ..error };
        let let_in = self.state.iteration(&key.step, key.visit).map(|iteration| iteration.opened_before());
        self.drop_items(&key.step, key.visit, next.or(let_in).unwrap_or_default());
        self.fail_visit(index, key.visit, key.attempt, input, error);
        false
    }

    fn item_settled(&mut self, index: usize, iterate: &Iterate, key: &TaskKey) {
        if let Some(next) = self.state.iteration(&key.step, key.visit).map(|iteration| iteration.opened_before()) {
            self.hand_out_items(index, iterate, key.visit, next);
        }
    }

    /// The items of a visit that are under way are no longer wanted.
    fn drop_items(&mut self, step: &str, visit: u32, next: u32) {
        let handed_out = |key: &TaskKey| key.item.is_some_and(|item| item < next);
        for key in self.state.open_items(step, visit).into_iter().filter(handed_out) {
            // One of this very decision is never handed out.
            match self.tasks.iter().position(|new| new.task.key == key) {
                Some(new) => drop(self.tasks.remove(new)),
                None => self.settle(key),
            }
        }
    }

    /// Every item is settled: the list of what they came to, in their order.
    fn end_items(&mut self, index: usize, visit: u32) {
        let step = self.playbook.step(index).name.clone();
        let Some(iteration) = self.state.iteration(&step, visit) else { return };
        let (count, failed) = (iteration.count(), iteration.failed());
        let data: Vec<Value> = iteration.ends().map(told).collect();
        let status = if failed == 0 { "success" } else { "partial" };
        let id = format!("{}/{step}/{visit}", self.execution_id());
        self.emit(IteratorCompleted {
            execution_id: self.execution_id(),
            path: self.path(),
            step: step.to_string(),
            visit,
            count,
            failed,
            result: Arc::new(json!({ "id": id, "status": status, "data": data })),
        });
        let input = self.state.visit_input(&step, visit).cloned().unwrap_or_default();
        self.action_done(index, visit, 1, input);
    }

    /// What an item saves to the log, as a part of its own.
    fn log_item(&mut self, index: usize, save: &Save, key: &TaskKey) -> Result<(), TaskError> {
        let Save::Log(template) = save else { return Ok(()) };
        let scope = self.scope_of_save(index, key)?;
        let saved = template.render(self.playbook.texts(), &scope).map_err(|error| template_error(&error))?;
        let result = if saved.is_null() { self.result_of(index, key).unwrap_or_default() } else { saved };
        self.emit(ActionStarted {
            execution_id: self.execution_id(),
            path: self.path(),
            step: key.step.clone(),
            visit: key.visit,
            attempt: key.attempt,
            part: key.part,
            item: key.item,
            worker: ENGINE.to_owned(),
            child: None,
            until: None,
            signal: None,
        });
        self.emit(ActionCompleted {
            execution_id: self.execution_id(),
            path: self.path(),
            step: key.step.clone(),
            visit: key.visit,
            attempt: key.attempt,
            part: key.part,
            item: key.item,
            result,
            duration_ms: 0,
            logs: Logs::default(),
        });
        Ok(())
    }

    fn item_key(&self, step: &str, visit: u32, item: u32, part: TaskPart) -> TaskKey {
        TaskKey { execution_id: self.execution_id(), step: step.to_owned(), visit, attempt: 1, part, item: Some(item) }
    }
}

/// What the list says of an item: its data, or its error in place of it.
fn told(end: &ItemEnd) -> Value {
    match (&end.error, &end.result) {
        (Some(error), _) => {
            json!({ "status": "error", "error": { "code": error.code, "message": error.message } })
        }
        (None, Some(result)) => flattened(result).clone(),
        (None, None) => Value::Null,
    }
}
