//! Child executions: what `playbook` tasks wait for.
//!
//! A child's id follows from its task, so starting it again (after a crash, by another server) meets the one that
//! is there. The child's log names the task; the open task row is what makes sure its end is told.

use super::{Driver, Letter, Slot};
use crate::{catalog::Entry, patience::Patience};
use engine::{Execution, Input};
use futures::{future::BoxFuture, stream::FuturesUnordered};
use protocol::{
    ExecutionId, Outcome, Problem, Task, TaskError, TaskKey, TaskReport,
    event::Origin,
    task::{Logs, TaskOutcome},
};
use serde_json::Value;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// The protocol of tasks that are child executions.
pub(super) const PLAYBOOK: &str = "playbook";
/// Named as the worker of what the engine does itself.
pub(super) const ENGINE: &str = "engine";
/// Children of children, at most: a playbook that starts itself ends here and not when memory does.
const MAX_DEPTH: u32 = 32;

#[derive(Default)]
pub(super) struct Children {
    /// The task that waits for a child.
    pub(super) waiting: HashMap<ExecutionId, Arc<Task>>,
    /// The same children, by parent.
    of: HashMap<ExecutionId, HashSet<ExecutionId>>,
    /// Playbooks being looked up for children that are to start.
    pub(super) starts: FuturesUnordered<BoxFuture<'static, Found>>,
}

impl Children {
    fn wait(&mut self, child: ExecutionId, task: Arc<Task>) {
        self.of.entry(task.key.execution_id).or_default().insert(child);
        self.waiting.insert(child, task);
    }

    /// Nobody waits for the child any more; the task that did.
    fn forget(&mut self, child: ExecutionId) -> Option<Arc<Task>> {
        let task = self.waiting.remove(&child)?;
        let parent = task.key.execution_id;
        if let Some(children) = self.of.get_mut(&parent) {
            children.remove(&child);
            if children.is_empty() {
                self.of.remove(&parent);
            }
        }
        Some(task)
    }
}

/// A child to start, and its playbook.
pub(super) struct Found {
    id: ExecutionId,
    task: Arc<Task>,
    entry: Result<Arc<Entry>, Problem>,
}

impl Driver {
    /// The task was committed: its child starts, or is met if it did before.
    pub(super) fn start_child(&mut self, task: Arc<Task>) {
        let Some(parent) = self.slots.get(&task.key.execution_id) else { return };
        let id = engine::child_id(&task.key, parent.state.created_at());
        let depth = parent.state.origin().depth + 1;
        self.children.wait(id, task.clone());
        self.limit_child(id);
        if self.slots.contains_key(&id) {
            return;
        }
        let (path, version) = match which(&task.config) {
            Ok(which) => which,
            Err(error) => return self.child_failed(id, error),
        };
        if depth > MAX_DEPTH {
            let message =
                format!("playbook `{path}` would be the {depth}th child of a child; the limit is {MAX_DEPTH}");
            self.child_failed(id, TaskError::new("child_depth", message));
            return;
        }
        let catalog = self.catalog.clone();
        self.children.starts.push(Box::pin(async move {
            let mut patience = Patience::new();
            let entry = loop {
                match catalog.entry(&path, version).await {
                    Err(problem) if patience.outlasts(&problem).await => {}
                    entry => break entry,
                }
            };
            Found { id, task, entry }
        }));
    }

    /// The child's playbook is there, or is not.
    pub(super) fn child_found(&mut self, Found { id, task, entry }: Found) {
        if !self.children.waiting.contains_key(&id) {
            // The task was settled meanwhile, and what cancels a child found none.
            return;
        }
        let entry = match entry {
            Ok(entry) => entry,
            Err(problem) => {
                let error = TaskError::new(problem.code.clone(), format!("the child cannot start: {problem}"));
                return self.child_failed(id, error);
            }
        };
        let Some(parent) = self.slots.get(&task.key.execution_id).map(|slot| slot.state.origin()) else { return };
        let origin = Origin {
            parent: Some(task.key.clone()),
            priority: task.priority,
            depth: parent.depth + 1,
            trigger: parent.trigger.clone(),
            ..Origin::default()
        };
        let input =
            if task.input.is_null() { Arc::new(Value::Object(serde_json::Map::new())) } else { task.input.clone() };
        let start =
            Input::Start { path: entry.row.path.clone(), version: entry.row.version, input, origin, reuse: None };
        self.slots.entry(id).or_insert_with(|| Slot::new(id, entry));
        self.post(id, Letter::Input { input: start, reply: None });
    }

    /// An execution has ended: if it is a child, its task has a report.
    pub(super) fn child_ended(&mut self, child: &Execution) {
        let Some(task) = self.awaits_no_more(child.id()) else { return };
        let duration_ms = child.ended_at().unwrap_or(child.created_at()).ms_since(child.created_at());
        self.report_child(&task, outcome(child, &task), duration_ms);
    }

    /// The task that waited for a child, if one did.
    fn awaits_no_more(&mut self, id: ExecutionId) -> Option<Arc<Task>> {
        self.timers.child(id, None);
        self.children.forget(id)
    }

    pub(super) fn child_failed(&mut self, id: ExecutionId, error: TaskError) {
        let Some(task) = self.awaits_no_more(id) else { return };
        self.report_child(&task, TaskOutcome::Failed { error, result: None }, 0);
    }

    fn report_child(&mut self, task: &Task, outcome: TaskOutcome, duration_ms: u64) {
        let report = TaskReport { key: task.key.clone(), outcome, duration_ms, logs: Logs::default() };
        let input = Input::Report { report, worker: ENGINE.to_owned() };
        self.post(task.key.execution_id, Letter::Input { input, reply: None });
    }

    /// The task is no longer wanted: neither is its child.
    pub(super) fn cancel_child(&mut self, key: &TaskKey) {
        let Some(parent) = self.slots.get(&key.execution_id) else { return };
        let id = engine::child_id(key, parent.state.created_at());
        // The report of its end settles its task too; then nobody waits for it any more.
        if self.awaits_no_more(id).is_some() {
            self.cancel_orphan(id, key.execution_id);
        }
    }

    /// After somebody else moved the parent: children whose tasks are not open any more.
    pub(super) fn cancel_unwanted_children(&mut self, parent: ExecutionId) {
        let Some(slot) = self.slots.get(&parent) else { return };
        let Some(children) = self.children.of.get(&parent) else { return };
        let is_wanted = |child| self.children.waiting.get(child).is_some_and(|task| slot.state.is_open(&task.key));
        let unwanted: Vec<ExecutionId> = children.iter().filter(|child| !is_wanted(child)).copied().collect();
        for child in unwanted {
            self.awaits_no_more(child);
            self.cancel_orphan(child, parent);
        }
    }

    /// A child whose parent does not want it any more.
    pub(super) fn cancel_orphan(&mut self, id: ExecutionId, parent: ExecutionId) {
        let reason = format!("its parent, execution {parent}, no longer waits for it");
        let input = Input::Cancel { reason, by: ENGINE.to_owned() };
        self.post(id, Letter::Input { input, reply: None });
    }

    /// Children that nobody here waits for, by parent, with the tasks that started them.
    pub(super) fn unclaimed_children(&self) -> HashMap<ExecutionId, Vec<(ExecutionId, TaskKey)>> {
        let waiting = &self.children.waiting;
        let of = |slot: &Slot| Some((slot.state.id(), slot.state.origin().parent.clone()?));
        let children = self.slots.values().filter(|slot| !slot.is_visited).filter_map(of);
        let mut unclaimed: HashMap<_, Vec<_>> = HashMap::new();
        for (id, task) in children.filter(|(id, _)| !waiting.contains_key(id)) {
            unclaimed.entry(task.execution_id).or_default().push((id, task));
        }
        unclaimed
    }
}

/// The path and the version that a task asks for; the newest without a version.
fn which(config: &Value) -> Result<(String, Option<u32>), TaskError> {
    let wrong = |field: &str, expected: &str, found: Option<&Value>| {
        let found = found.cloned().unwrap_or_default();
        TaskError::new("bad_config", format!("playbook: `{field}` came to {found}; it must be {expected}"))
    };
    let path = config.get("path");
    let path = path.and_then(Value::as_str).ok_or_else(|| wrong("path", "a catalog path", path))?;
    let version = match config.get("version") {
        None | Some(Value::Null) => None,
        Some(version) => {
            // What a template makes of a number may be text.
            let number = version.as_u64().or_else(|| version.as_str()?.trim().parse().ok());
            let number = number.and_then(|number| u32::try_from(number).ok());
            Some(number.ok_or_else(|| wrong("version", "the number of a version", Some(version)))?)
        }
    };
    Ok((path.to_owned(), version))
}

/// What a child's end means for its task.
fn outcome(child: &Execution, task: &Task) -> TaskOutcome {
    let (id, path) = (child.id(), child.path());
    let failed = |code: &str, message: String| TaskOutcome::Failed {
        error: TaskError::new(code, message),
        result: child.result(),
    };
    match child.outcome() {
        Some(Outcome::Completed) => {
            let of_step =
                task.config.get("return_step").and_then(Value::as_str).map(|step| (step, child.result_of(step)));
            match of_step {
                None => TaskOutcome::Completed { result: child.result().unwrap_or_default() },
                Some((_, Some(result))) => TaskOutcome::Completed { result },
                Some((step, None)) => failed(
                    "return_step_missing",
                    format!("`return_step`: step `{step}` of child execution {id} (playbook `{path}`) has no result"),
                ),
            }
        }
        Some(Outcome::Cancelled) => {
            failed("child_cancelled", format!("child execution {id} (playbook `{path}`) was cancelled"))
        }
        _ => {
            let why = child.error().map_or_else(|| "it says not why".to_owned(), ToString::to_string);
            failed("child_failed", format!("child execution {id} (playbook `{path}`) failed: {why}"))
        }
    }
}
