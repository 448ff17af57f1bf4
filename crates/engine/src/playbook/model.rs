//! A playbook as the engine runs it: names resolved, expressions compiled.

use super::{
    admission::Admission,
    graph::Topology,
    iterate::Iterate,
    retry::Retry,
    save::Save,
    template::{Template, Texts},
    triggers::{Schedule, Webhook},
    wait::{Approval, Wait},
};
use protocol::graph::{Graph, GraphEdge, GraphNode};
use serde_json::Value;
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// The protocol of tasks that are executions of their own: no provider takes them.
pub(crate) const PLAYBOOK: &str = "playbook";
/// What events call a step that only saves.
pub(crate) const SAVE: &str = "save";

/// A playbook that passed every check.
#[derive(Debug)]
pub struct Playbook {
    pub(super) path: String,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) workload: Arc<Value>,
    pub(super) steps: Vec<Step>,
    pub(super) by_name: HashMap<Arc<str>, usize>,
    pub(super) start: usize,
    pub(super) texts: Texts,
    pub(super) topology: Topology,
    pub(super) admission: Admission,
    pub(super) schedules: Vec<Schedule>,
    pub(super) webhook: Option<Webhook>,
}

/// One step. Steps are named by their index in the playbook.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) name: Arc<str>,
    pub(crate) desc: Option<String>,
    pub(crate) work: Work,
    /// What the step adds to its input by itself; renders to a map.
    pub(crate) data: Option<Template>,
    pub(crate) next: Vec<Transition>,
    pub(crate) save: Option<Save>,
    /// On an end: the execution's result.
    pub(crate) result: Option<Template>,
    pub(crate) join: Join,
    /// At most one transition fires: the first that may.
    pub(crate) exclusive: bool,
    pub(crate) is_end: bool,
}

/// What a visit of the step does.
#[derive(Debug)]
pub(crate) enum Work {
    /// Nothing: its transitions are evaluated at once.
    Control,
    /// No action, but a `save`: into the log by the engine, with step events; elsewhere by a task.
    Save,
    /// A task for a provider.
    Action(Box<Action>),
    /// A task for each item of a collection.
    Iterator(Box<Iterate>),
    /// The engine waits for a time or a signal.
    Wait(Box<Wait>),
    /// The engine waits for a person.
    Approval(Box<Approval>),
}

#[derive(Debug)]
pub(crate) struct Action {
    pub(crate) protocol: String,
    /// The fields of the action; renders to a map.
    pub(crate) config: Template,
    /// Inputs a workbook entry brings along; renders to a map.
    pub(crate) defaults: Option<Template>,
    /// Inputs and result fields that must be there.
    pub(crate) expects: Vec<String>,
    pub(crate) returns: Vec<String>,
    /// Of a child execution 0 when it may take as long as it takes.
    pub(crate) timeout_ms: u64,
    /// A worker must be heard of at least this often.
    pub(crate) heartbeat_ms: Option<u64>,
    pub(crate) retry: Option<Retry>,
}

/// When a step runs that several branches lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Join {
    /// Once, when no live branch can reach it any more.
    All,
    /// At every arrival.
    Any,
}

#[derive(Debug)]
pub(crate) struct Transition {
    pub(crate) to: usize,
    pub(crate) when: Option<Condition>,
    /// Fires when no transition with a condition did.
    pub(crate) is_else: bool,
    /// The end of the step at which it may fire.
    pub(crate) on: On,
    /// What travels along; renders to a map.
    pub(crate) data: Option<Template>,
}

/// How a step ended, as its transitions ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum On {
    #[default]
    Completed,
    Failed,
    /// It was under way when the execution was cancelled: what cleans up after it.
    Cancelled,
}

#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) template: Template,
    /// As written.
    pub(crate) source: String,
}

impl Playbook {
    /// The catalog path.
    pub fn path(&self) -> &str {
        &self.path
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// The default input, always a map.
    pub fn workload(&self) -> &Value {
        &self.workload
    }

    /// Steps and transitions in the order of the source; all coordinates 0.
    pub fn graph(&self) -> Graph {
        let mut graph = Graph::default();
        for step in &self.steps {
            graph.nodes.push(GraphNode {
                step: step.name.to_string(),
                desc: step.desc.clone(),
                protocol: step.protocol().map(str::to_owned),
                ..GraphNode::default()
            });
            graph.edges.extend(step.next.iter().map(|transition| GraphEdge {
                from: step.name.to_string(),
                to: self.steps[transition.to].name.to_string(),
                when: transition.when_text(),
                on_failed: transition.on == On::Failed,
                on_cancelled: transition.on == On::Cancelled,
                points: Vec::new(),
            }));
        }
        graph
    }

    /// What providers must offer for this playbook to run, each once.
    pub fn protocols(&self) -> impl Iterator<Item = &str> {
        let all: BTreeSet<&str> = self.steps.iter().flat_map(Step::protocols).collect();
        all.into_iter().filter(|protocol| *protocol != PLAYBOOK)
    }

    /// The names of approvals and of the signals that steps wait for, as far as they are not computed, each once.
    pub fn signals(&self) -> impl Iterator<Item = &str> {
        let all: BTreeSet<&str> = self.steps.iter().filter_map(Step::signal).collect();
        all.into_iter()
    }

    /// Whether some step may wait for a signal of this name.
    pub(crate) fn may_wait_for(&self, signal: &str) -> bool {
        self.steps.iter().any(|step| matches!(&step.work, Work::Wait(wait) if wait.may_take(signal)))
    }

    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    pub(crate) fn step(&self, index: usize) -> &Step {
        &self.steps[index]
    }

    /// How long the child execution of a step, or of one of its items, may take; `None` when that was not told.
    pub fn child_limit_ms(&self, step: &str, item: Option<u32>) -> Option<u64> {
        let action = self.step(self.index_of(step)?).action_of(item)?;
        Some(action.timeout_ms).filter(|limit_ms| action.protocol == PLAYBOOK && *limit_ms > 0)
    }

    pub(crate) fn index_of(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn start(&self) -> usize {
        self.start
    }

    pub(crate) fn texts(&self) -> &Texts {
        &self.texts
    }

    pub(crate) fn topology(&self) -> &Topology {
        &self.topology
    }

    /// How many steps do something, and so count for progress.
    pub(crate) fn actionable(&self) -> u32 {
        u32::try_from(self.steps.iter().filter(|step| step.is_actionable()).count()).unwrap_or(u32::MAX)
    }
}

impl Step {
    pub(crate) fn action(&self) -> Option<&Action> {
        match &self.work {
            Work::Action(action) => Some(action),
            Work::Control | Work::Save | Work::Iterator(_) | Work::Wait(_) | Work::Approval(_) => None,
        }
    }

    /// What is done for an item of the step; without one, for a visit.
    pub(crate) fn action_of(&self, item: Option<u32>) -> Option<&Action> {
        match (&self.work, item) {
            (Work::Iterator(iterate), Some(_)) => Some(&iterate.task),
            (_, None) => self.action(),
            _ => None,
        }
    }

    /// The save that follows it.
    pub(crate) fn save_of(&self, item: Option<u32>) -> Option<&Save> {
        match (&self.work, item) {
            (Work::Iterator(iterate), Some(_)) => iterate.save.as_ref(),
            (_, None) => self.save.as_ref(),
            _ => None,
        }
    }

    /// Whether a visit has a task for its save.
    pub(crate) fn saves(&self) -> bool {
        matches!(self.save, Some(Save::Task(_)))
    }

    /// Fields that the result of a visit must have.
    pub(crate) fn returns(&self) -> &[String] {
        match &self.work {
            Work::Action(action) => &action.returns,
            Work::Iterator(iterate) => &iterate.returns,
            Work::Control | Work::Save | Work::Wait(_) | Work::Approval(_) => &[],
        }
    }

    fn protocols(&self) -> impl Iterator<Item = &str> {
        let items = self.action_of(Some(0));
        let actions = [self.action(), items].into_iter().flatten().map(|action| action.protocol.as_str());
        actions.chain([self.save_of(None), self.save_of(Some(0))].into_iter().flatten().filter_map(Save::protocol))
    }

    /// `None` for a control step.
    pub(crate) fn protocol(&self) -> Option<&str> {
        match &self.work {
            Work::Action(action) => Some(&action.protocol),
            Work::Save => Some(SAVE),
            Work::Iterator(_) => Some("iterator"),
            Work::Wait(_) => Some("wait"),
            Work::Approval(_) => Some("approval"),
            Work::Control => None,
        }
    }

    fn signal(&self) -> Option<&str> {
        match &self.work {
            Work::Approval(_) => Some(&self.name),
            Work::Wait(wait) => wait.signal(),
            _ => None,
        }
    }

    pub(crate) fn is_actionable(&self) -> bool {
        !matches!(self.work, Work::Control)
    }

    /// A control step that leads nowhere: a branch that arrives has ended.
    pub(crate) fn is_terminal(&self) -> bool {
        !self.is_actionable() && !self.next.iter().any(|transition| transition.on == On::Completed)
    }
}

impl Transition {
    /// The condition as events and graphs show it.
    pub(crate) fn when_text(&self) -> Option<String> {
        match &self.when {
            Some(condition) => Some(condition.source.clone()),
            None => self.is_else.then(|| "else".to_owned()),
        }
    }
}

#[cfg(test)]
impl Step {
    /// A control step with plain transitions.
    pub(crate) fn for_test(next: &[usize]) -> Self {
        let transition = |to: &usize| Transition { to: *to, when: None, is_else: false, on: On::Completed, data: None };
        Self {
            name: "step".into(),
            desc: None,
            work: Work::Control,
            data: None,
            next: next.iter().map(transition).collect(),
            save: None,
            result: None,
            join: Join::All,
            exclusive: false,
            is_end: false,
        }
    }
}
