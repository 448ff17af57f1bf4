//! The execution log: what an execution's state is folded from.
//!
//! Control steps (a `start` without action, routers, an `end` without action) emit no step events; the arcs
//! that were evaluated are in the data of the event that caused it.

use crate::{ExecutionId, Outcome, TaskError, TaskPart, Timestamp, task::Logs};
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
    /// Who runs it.
    pub worker: String,
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
    pub delay_ms: u64,
    pub due: Timestamp,
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
