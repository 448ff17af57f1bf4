//! One visit of a step: its start, its end, its failure; and passing a control step.

use super::{ENGINE, data, template_error, turn::Turn};
use crate::{
    context::{self, Scope},
    execution::Arrival,
    playbook::{Action, On, Save, Work},
};
use protocol::{
    TaskError, TaskKey, TaskPart,
    event::{ActionCompleted, ActionFailed, ActionStarted, Progress, StepCompleted, StepFailed, StepStarted},
    task::Logs,
};
use serde_json::{Value, json};
use std::sync::Arc;

/// Visits of a looping step. What counts is every visit beyond a step's first, of all steps together.
const MAX_VISITS: u32 = 1000;

impl Turn<'_> {
    /// Starts a visit of an actionable step.
    pub(super) fn start_visit(&mut self, index: usize, arrivals: &[Arrival]) {
        let step = self.playbook.step(index);
        let Some(visit) = self.next_visit(index) else { return };
        let brought = data::of_arrivals(arrivals);
        let scope = Scope::of(&self.state).with_data(brought.clone());
        let input = data::input(self.playbook, step, &scope, &brought);
        if let Some(reused) = self.reused(index, visit, input.as_deref().ok()) {
            return self.reuse_visit(index, visit, reused);
        }
        let (input, failure) = match input {
            Ok(input) => (input, None),
            Err(error) => (brought, Some(error)),
        };
        self.emit(StepStarted {
            execution_id: self.execution_id(),
            path: self.path(),
            step: step.name.to_string(),
            visit,
            protocol: step.protocol().unwrap_or_default().to_owned(),
            input: input.clone(),
            progress: self.state.progress(),
            saves: step.saves(),
        });
        if let Some(error) = failure {
            return self.fail_visit(index, visit, 1, input, template_error(&error));
        }
        match &step.work {
            Work::Action(action) => self.add_task(index, action, visit, input),
            Work::Iterator(iterate) => self.begin_items(index, iterate, visit, input),
            Work::Wait(wait) => self.begin_wait(index, wait, visit, input),
            Work::Approval(approval) => self.ask(index, approval, visit, input),
            Work::Save if step.saves() => self.add_save(index, visit, 1, input),
            Work::Save | Work::Control => self.save(index, visit, input, &scope),
        }
    }

    fn add_task(&mut self, index: usize, action: &Action, visit: u32, input: Arc<Value>) {
        let step = self.playbook.step(index);
        if let Some(name) = action.expects.iter().find(|name| input.get(name.as_str()).is_none()) {
            let message = format!("`assert.expects`: the input has no `{name}`");
            return self.fail_visit(index, visit, 1, input, TaskError::new("assert_expects", message));
        }
        let (execution_id, step, part) = (self.execution_id(), step.name.to_string(), TaskPart::Action);
        let key = TaskKey { execution_id, step, visit, attempt: 1, part, item: None };
        if let Err(error) = self.offer(index, key, self.now) {
            self.fail_visit(index, visit, 1, input, error);
        }
    }

    /// The task that saves what a visit came to.
    fn add_save(&mut self, index: usize, visit: u32, attempt: u32, input: Arc<Value>) {
        let (execution_id, step) = (self.execution_id(), self.playbook.step(index).name.to_string());
        let key = TaskKey { execution_id, step, visit, attempt: 1, part: TaskPart::Save, item: None };
        if let Err(error) = self.offer(index, key, self.now) {
            self.fail_visit(index, visit, attempt, input, error);
        }
    }

    /// A step that only saves into the log: done here and now.
    fn save(&mut self, index: usize, visit: u32, input: Arc<Value>, scope: &Scope) {
        let step = self.playbook.step(index);
        let (execution_id, path, name) = (self.execution_id(), self.path(), step.name.to_string());
        let (attempt, part, duration_ms, logs) = (1, TaskPart::Action, 0, Logs::default());
        let worker = ENGINE.to_owned();
        self.emit(ActionStarted {
            execution_id,
            path,
            step: name.clone(),
            visit,
            attempt,
            part,
            item: None,
            worker,
            child: None,
            until: None,
            signal: None,
        });
        let scope = scope.clone().with_data(input.clone());
        let template = match &step.save {
            Some(Save::Log(template)) => Some(template),
            Some(Save::Task(_)) | None => None,
        };
        let saved = template.map(|template| template.render(self.playbook.texts(), &scope)).transpose();
        let path = self.path();
        match saved {
            Ok(saved) => {
                let saved = saved.unwrap_or_default();
                let result = saved.clone();
                self.emit(ActionCompleted {
                    execution_id,
                    path,
                    step: name,
                    visit,
                    attempt,
                    part,
                    item: None,
                    result,
                    duration_ms,
                    logs,
                });
                self.complete_visit(index, visit, attempt, input, Some(saved));
            }
            Err(error) => {
                let error = template_error(&error).at(&name, attempt);
                let event = error.clone();
                self.emit(ActionFailed {
                    execution_id,
                    path,
                    step: name,
                    visit,
                    attempt,
                    part,
                    item: None,
                    error: event,
                    result: None,
                    duration_ms,
                    logs,
                });
                self.fail_visit(index, visit, attempt, input, error);
            }
        }
    }

    /// The action of a visit is done and its result is in the state: what it asserts, saves and leads to.
    pub(crate) fn action_done(&mut self, index: usize, visit: u32, attempt: u32, input: Arc<Value>) {
        let step = self.playbook.step(index);
        let result = self.result_of_visit(index, visit).unwrap_or_default();
        if let Some(name) = step.returns().iter().find(|name| !context::has_field(&result, name)) {
            let message = format!("`assert.returns`: the result has no `{name}`");
            return self.fail_visit(index, visit, attempt, input, TaskError::new("assert_returns", message));
        }
        let template = match &step.save {
            Some(Save::Task(_)) => return self.add_save(index, visit, attempt, input),
            Some(Save::Log(template)) => Some(template),
            None => None,
        };
        let scope =
            Scope::of(&self.state).with_data(input.clone()).of_visit(&step.name, Some(result.clone())).of_save();
        let saved = template.map(|template| template.render(self.playbook.texts(), &scope)).transpose();
        match saved {
            // A save without data keeps the result.
            Ok(saved) => {
                let saved = saved.map(|saved| if saved.is_null() { result } else { saved });
                self.complete_visit(index, visit, attempt, input, saved);
            }
            Err(error) => self.fail_visit(index, visit, attempt, input, template_error(&error)),
        }
    }

    /// What a visit came to; before it came to anything, what its step did.
    pub(super) fn result_of_visit(&self, index: usize, visit: u32) -> Option<Arc<Value>> {
        let step = &self.playbook.step(index).name;
        self.state.result_of_visit(step, visit).or_else(|| self.state.step_result(step)).cloned()
    }

    pub(super) fn complete_visit(
        &mut self,
        index: usize,
        visit: u32,
        attempt: u32,
        input: Arc<Value>,
        saved: Option<Arc<Value>>,
    ) {
        let step = self.playbook.step(index);
        let result = self.result_of_visit(index, visit);
        let scope = Scope::of(&self.state).with_data(input.clone()).of_visit(&step.name, result);
        let arcs = match self.evaluate_arcs(index, visit, On::Completed, &scope) {
            Ok(arcs) => arcs,
            Err(error) => return self.fail_visit(index, visit, attempt, input, template_error(&error)),
        };
        let mut progress = self.state.progress();
        progress.completed += u32::from(!self.state.is_completed(&step.name));
        let (execution_id, path, step) = (self.execution_id(), self.path(), step.name.to_string());
        self.emit(StepCompleted { execution_id, path, step, visit, saved, progress, arcs: Vec::new() });
        for (to, arc) in arcs {
            self.take(to, arc);
        }
        self.left(index);
    }

    /// Fails a visit, or a control step's pass. Arcs for failure are taken; without one the execution fails.
    pub(crate) fn fail_visit(&mut self, index: usize, visit: u32, attempt: u32, input: Arc<Value>, error: TaskError) {
        let (is_handled, error) = self.end_badly(index, visit, attempt, input, error, On::Failed);
        // While it cleans up, one branch that fails leaves the others to theirs.
        if is_handled || self.state.is_cancelling() {
            self.left(index);
        } else {
            self.fail_execution(error);
        }
    }

    /// A visit ends without having completed: whether an arc is taken from there, and the error as it was told.
    pub(super) fn end_badly(
        &mut self,
        index: usize,
        visit: u32,
        attempt: u32,
        input: Arc<Value>,
        error: TaskError,
        on: On,
    ) -> (bool, TaskError) {
        let step = self.playbook.step(index);
        let mut error = error.at(&step.name, attempt);
        let told = json!({ "code": error.code, "message": error.message, "step": &*step.name, "attempt": attempt });
        let mut scope = Scope::of(&self.state).with_data(input).with_error(Arc::new(told));
        if let Some(result) = self.result_of_visit(index, visit) {
            scope = scope.of_visit(&step.name, Some(result));
        }
        let arcs = self.evaluate_arcs(index, visit, on, &scope).unwrap_or_else(|second| {
            error.message = format!("{}; and then {second}", error.message);
            Vec::new()
        });
        let progress: Progress = self.state.progress();
        let (execution_id, path, name) = (self.execution_id(), self.path(), step.name.to_string());
        self.emit(StepFailed {
            execution_id,
            path,
            step: name,
            visit,
            error: error.clone(),
            progress,
            arcs: Vec::new(),
        });
        let is_handled = arcs.iter().any(|(_, arc)| arc.taken);
        for (to, arc) in arcs {
            self.take(to, arc);
        }
        (is_handled, error)
    }

    /// Passes a control step: evaluates its arcs, which become part of the event that led here.
    pub(super) fn pass(&mut self, index: usize, arrivals: &[Arrival]) {
        let step = self.playbook.step(index);
        let Some(visit) = self.next_visit(index) else { return };
        let brought = data::of_arrivals(arrivals);
        let scope = Scope::of(&self.state).with_data(brought.clone());
        let arcs = data::input(self.playbook, step, &scope, &brought)
            .and_then(|input| self.evaluate_arcs(index, visit, On::Completed, &scope.with_data(input)));
        match arcs {
            Ok(arcs) => {
                for (to, arc) in arcs {
                    self.take(to, arc);
                }
                self.left(index);
            }
            Err(error) => self.fail_visit(index, visit, 1, brought, template_error(&error)),
        }
    }

    /// The number of a new visit; `None` when the execution was stopped because there were too many.
    fn next_visit(&mut self, index: usize) -> Option<u32> {
        let step = self.playbook.step(index);
        let visits = self.state.visits(&step.name);
        if visits > 0 && self.state.repeats() + 1 >= MAX_VISITS {
            let message = format!(
                "steps were visited again {} times and `{}` {visits} times: the loop does not end",
                self.state.repeats(),
                step.name,
            );
            self.fail_execution(TaskError::new("visit_limit", message).at(&step.name, 1));
            return None;
        }
        Some(visits + 1)
    }
}
