//! One evaluation under way: the events so far and the state they lead to.

use super::{Decision, NewTask, reuse::Reusable};
use crate::{Execution, Playbook, execution::Arrival};
use protocol::{Event, ExecutionId, Phase, Task, TaskKey, Timestamp, event::Transition};
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

pub(crate) struct Turn<'a> {
    pub(super) playbook: &'a Playbook,
    /// The state after `events`, kept by the same fold that replay uses.
    pub(super) state: Execution,
    pub(super) now: Timestamp,
    events: Vec<Event>,
    pub(super) tasks: Vec<NewTask>,
    pub(super) settled: Vec<TaskKey>,
    /// Waiting steps to look at: control steps before others, because what passes them may hold others back.
    pub(super) control: VecDeque<usize>,
    pub(super) actionable: VecDeque<usize>,
    /// Steps that waited for each other and run now.
    pub(super) forced: VecDeque<usize>,
    /// Arrivals at `join: any` steps, each of which becomes a visit of its own.
    pub(super) any_arrivals: HashMap<usize, VecDeque<Arrival>>,
    pub(super) reusable: Reusable,
}

impl<'a> Turn<'a> {
    pub(super) fn new(playbook: &'a Playbook, execution: &Execution, now: Timestamp) -> Self {
        Self {
            playbook,
            state: execution.clone(),
            now,
            events: Vec::new(),
            tasks: Vec::new(),
            settled: Vec::new(),
            control: VecDeque::new(),
            actionable: VecDeque::new(),
            forced: VecDeque::new(),
            any_arrivals: HashMap::new(),
            reusable: Reusable::default(),
        }
    }

    pub(super) fn into_decision(self) -> Decision {
        let wake_at = super::wake_at(self.playbook, &self.state);
        Decision { events: self.events, tasks: self.tasks, settled: self.settled, wake_at, next: self.state }
    }

    pub(crate) fn playbook(&self) -> &'a Playbook {
        self.playbook
    }

    pub(crate) fn state(&self) -> &Execution {
        &self.state
    }

    pub(crate) fn phase(&self) -> Phase {
        self.state.phase()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) fn is_over(&self) -> bool {
        self.phase() == Phase::Completed
    }

    pub(crate) fn execution_id(&self) -> ExecutionId {
        self.state.id()
    }

    /// The playbook path as the log has it.
    pub(crate) fn path(&self) -> String {
        self.state.path().to_owned()
    }

    pub(crate) fn emit(&mut self, event: impl Into<Event>) {
        let event = event.into();
        self.state.apply(&event, self.now);
        self.events.push(event);
    }

    /// A new task.
    pub(crate) fn hand_out(&mut self, task: Task, due: Timestamp) {
        self.tasks.push(NewTask { task: Arc::new(task), due });
    }

    /// No task that is open is wanted any more.
    pub(crate) fn settle_all(&mut self) {
        let open: Vec<TaskKey> = self.state.open_tasks().collect();
        self.settled.extend(open);
    }

    /// The task leaves the task table.
    pub(crate) fn settle(&mut self, key: TaskKey) {
        self.settled.push(key);
    }

    /// Adds an evaluated arc to the last event, which caused it, and to the state as the fold would.
    pub(super) fn add_arc(&mut self, arc: Transition) {
        self.state.transition(&arc);
        let arcs = match self.events.last_mut() {
            Some(Event::ExecutionStart(event)) => &mut event.arcs,
            Some(Event::StepCompleted(event)) => &mut event.arcs,
            Some(Event::StepReused(event)) => &mut event.arcs,
            Some(Event::StepFailed(event)) => &mut event.arcs,
            // Control steps are passed before any step is started, so the last event is one that has arcs.
            other => unreachable!("no arcs in {other:?}"),
        };
        arcs.push(arc);
    }
}
