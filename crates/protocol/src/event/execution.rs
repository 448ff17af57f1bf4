//! The execution log: what an execution's state is folded from.
//!
//! Control steps (a `start` without action, routers, an `end` without action) emit no step events; the arcs
//! that were evaluated are in the data of the event that caused it.

use crate::{ExecutionId, Outcome, TaskError, TaskKey, TaskPart, Timestamp, task::Logs};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// How far an execution is: `completed` of `known` actionable steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub completed: u32,
    pub known: u32,
}

/// One evaluated arc (`next` entry) between two steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    pub from: String,
    /// The visit of `from` that evaluated it; tells passes of a control step apart.
    #[serde(default = "first_visit", skip_serializing_if = "is_first_visit")]
    pub visit: u32,
    pub to: String,
    /// The condition as written, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    pub taken: bool,
    /// The rendered data that travels along a taken arc.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Arc<Value>>,
}

fn first_visit() -> u32 {
    1
}

fn is_first_visit(visit: &u32) -> bool {
    *visit == 1
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExecutionStart {
    pub execution_id: ExecutionId,
    pub path: String,
    pub version: u32,
    /// The last segment of the path: what S4's `node_name` shows.
    pub node_name: String,
    /// The workload with the request's input merged over it.
    pub workload: Arc<Value>,
    /// The request's input as it came.
    pub input: Arc<Value>,
    pub progress: Progress,
    #[serde(flatten)]
    pub origin: Origin,
    /// Since when it waited to be let in, if it had to: `execution_queued` came before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arcs: Vec<Transition>,
}

/// Where an execution comes from and what it was asked to keep to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// Of a child: the task of its parent that started it, and that gets its result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<TaskKey>,
    /// Of a rerun: which execution it repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rerun: Option<Rerun>,
    /// What started it, when no person or program did by itself: `schedule:NAME`, `webhook:NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<String>,
    /// Of its tasks: higher goes first.
    #[serde(default, skip_serializing_if = "is_normal")]
    pub priority: i32,
    /// The submitter's key: a second submission with it answers with this execution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// Of a child: how many parents it has above it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub depth: u32,
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// The lineage of a rerun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rerun {
    pub of: ExecutionId,
    /// The step it begins at; results of what completed before it are reused. Absent: from the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

fn is_normal(priority: &i32) -> bool {
    *priority == 0
}

/// An execution that waits to be let in: its playbook limits how many run at once, or how often they start.
/// Its first event then; `execution_start` follows when it is let in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExecutionQueued {
    pub execution_id: ExecutionId,
    pub path: String,
    pub version: u32,
    /// The request's input as it came.
    pub input: Arc<Value>,
    #[serde(flatten)]
    pub origin: Origin,
    /// What it waits for: `concurrency` or `rate`.
    pub reason: String,
    /// The rendered key whose executions are limited together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// A step of a rerun that takes the result it had in the execution that is repeated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepReused {
    pub execution_id: ExecutionId,
    pub path: String,
    pub step: String,
    pub visit: u32,
    /// Whose result it is.
    pub of: ExecutionId,
    /// What the step ran on there.
    #[serde(default)]
    pub input: Arc<Value>,
    pub result: Arc<Value>,
    pub progress: Progress,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arcs: Vec<Transition>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepStarted {
    pub execution_id: ExecutionId,
    pub path: String,
    pub step: String,
    /// Counts the visits of this step in this execution, from 1.
    pub visit: u32,
    /// `python`, `http` … ; for a `workbook` step the type of the action it names.
    pub protocol: String,
    /// The rendered data the step's action receives.
    pub input: Arc<Value>,
    pub progress: Progress,
    /// A save follows the action, as a task of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub saves: bool,
}

/// A worker took the task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionStarted {
    pub execution_id: ExecutionId,
    pub path: String,
    pub step: String,
    pub visit: u32,
    pub attempt: u32,
    #[serde(default, skip_serializing_if = "TaskPart::is_action")]
    pub part: TaskPart,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
    /// Who runs it; `engine` for what the engine does itself.
    pub worker: String,
    /// Of a `playbook` action: the child execution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<ExecutionId>,
    /// Of a `wait`: when it is over; of one for a signal, when it has waited long enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Of a `wait`: the signal it waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionCompleted {
    pub execution_id: ExecutionId,
    pub path: String,
    pub step: String,
    pub visit: u32,
    pub attempt: u32,
    #[serde(default, skip_serializing_if = "TaskPart::is_action")]
    pub part: TaskPart,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
    pub result: Arc<Value>,
    pub duration_ms: u64,
    #[serde(default, skip_serializing_if = "Logs::is_empty")]
    pub logs: Logs,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionFailed {
    pub execution_id: ExecutionId,
    pub path: String,
    pub step: String,
    pub visit: u32,
    pub attempt: u32,
    #[serde(default, skip_serializing_if = "TaskPart::is_action")]
    pub part: TaskPart,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
    pub error: TaskError,
    /// What the action returned along with the failure, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Arc<Value>>,
    pub duration_ms: u64,
    #[serde(default, skip_serializing_if = "Logs::is_empty")]
    pub logs: Logs,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RetryScheduled {
    pub execution_id: ExecutionId,
    pub path: String,
    pub step: String,
    pub visit: u32,
    /// The attempt that will run.
    pub attempt: u32,
    #[serde(default, skip_serializing_if = "TaskPart::is_action")]
    pub part: TaskPart,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
    pub delay_ms: u64,
    pub due: Timestamp,
    /// Why the attempt before does not count: the code of its error, `retry_when`, `worker_lost` …
    pub reason: String,
}

/// An iterator knows its items; `action_…` events of each follow, with their `item`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IteratorStarted {
    pub execution_id: ExecutionId,
    pub path: String,
    pub step: String,
    pub visit: u32,
    pub mode: IteratorMode,
    /// Items at once.
    pub concurrency: u32,
    pub count: u32,
    /// The items after filter, order, limit and chunking, in order; a JSON list.
    pub items: Arc<Value>,
    /// A save follows the action of each item.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub saves: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IteratorMode {
    #[default]
    Sequential,
    Async,
}

/// Every item is settled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IteratorCompleted {
    pub execution_id: ExecutionId,
    pub path: String,
    pub step: String,
    pub visit: u32,
    pub count: u32,
    pub failed: u32,
    /// `{id, status, data: [results in the order of the items]}`.
    pub result: Arc<Value>,
}

/// A step waits for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApprovalRequested {
    pub execution_id: ExecutionId,
    pub path: String,
    pub step: String,
    pub visit: u32,
    /// What is asked, rendered.
    pub message: String,
    /// The fields to fill in, rendered: a list of `{name, label, type, required, default, options}`.
    pub form: Arc<Value>,
    /// When `default` is taken, or the step fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Arc<Value>>,
}

/// Somebody answered an approval, or sent a signal that a `wait` waits for or will wait for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignalReceived {
    pub execution_id: ExecutionId,
    pub path: String,
    /// The signal's name; of an approval the step's.
    pub name: String,
    /// The visit of a step that takes it now; absent while nobody waits for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit: Option<u32>,
    pub data: Arc<Value>,
    /// Who sent it.
    pub by: String,
}

/// A report came for an attempt that no longer counts. Told once per attempt, never applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportLate {
    pub execution_id: ExecutionId,
    pub path: String,
    pub step: String,
    pub visit: u32,
    pub attempt: u32,
    #[serde(default, skip_serializing_if = "TaskPart::is_action")]
    pub part: TaskPart,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
    pub worker: String,
    /// `completed` or `failed`: what it would have been.
    pub outcome: String,
}

/// No new task is handed out until it is resumed; what runs may end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExecutionPaused {
    pub execution_id: ExecutionId,
    pub path: String,
    pub reason: String,
    pub by: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExecutionResumed {
    pub execution_id: ExecutionId,
    pub path: String,
    pub by: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepCompleted {
    pub execution_id: ExecutionId,
    pub path: String,
    pub step: String,
    pub visit: u32,
    /// What `save: event_log` rendered, if the step has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved: Option<Arc<Value>>,
    pub progress: Progress,
    /// The arcs evaluated because of this completion, those of control steps passed on the way included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arcs: Vec<Transition>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepFailed {
    pub execution_id: ExecutionId,
    pub path: String,
    pub step: String,
    pub visit: u32,
    pub error: TaskError,
    pub progress: Progress,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arcs: Vec<Transition>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExecutionCancelled {
    pub execution_id: ExecutionId,
    pub path: String,
    pub reason: String,
    /// Who asked for it.
    pub by: String,
    /// Terminated: no arc for a cancellation is taken.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forced: bool,
}

/// The last event of every execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExecutionComplete {
    pub execution_id: ExecutionId,
    pub path: String,
    pub node_name: String,
    pub outcome: Outcome,
    pub result: Arc<Value>,
    /// Names the step, the attempt and the cause of a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<TaskError>,
    pub duration_ms: u64,
    pub progress: Progress,
}
