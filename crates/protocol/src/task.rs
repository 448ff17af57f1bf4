//! Tasks: one attempt at a step's work, and the report that settles it.

use crate::ExecutionId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, fmt, sync::Arc};

/// Which of a visit's tasks: the action itself, or the `save` that follows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskPart {
    #[default]
    Action,
    Save,
}

impl TaskPart {
    pub fn is_action(&self) -> bool {
        *self == TaskPart::Action
    }

    pub fn word(self) -> &'static str {
        match self {
            TaskPart::Action => "action",
            TaskPart::Save => "save",
        }
    }
}

/// A task's identity. Work may run twice; results count once, by this key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskKey {
    pub execution_id: ExecutionId,
    pub step: String,
    pub visit: u32,
    pub attempt: u32,
    #[serde(default, skip_serializing_if = "TaskPart::is_action")]
    pub part: TaskPart,
    /// Of an iterator: which item, from 0; attempts are counted per item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
}

/// `execution/step/visit/attempt`, with `#item` for an iterator's item and `/save` for the part that is not the
/// action. No two tasks read the same: step names have no `/`.
impl fmt::Display for TaskKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.execution_id, self.step, self.visit, self.attempt)?;
        if let Some(item) = self.item {
            write!(f, "#{item}")?;
        }
        if self.part == TaskPart::Save { f.write_str("/save") } else { Ok(()) }
    }
}

/// What a provider gets to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    pub key: TaskKey,
    /// What a provider must offer to take it: `python`, `http`, `sqlite`, `noop` …
    pub protocol: String,
    /// The step's own fields, rendered (`code`, `endpoint`, `command` …).
    pub config: Arc<Value>,
    /// The data the action is called with, rendered.
    pub input: Arc<Value>,
    /// The action is stopped and fails after this long.
    pub timeout_ms: u64,
    /// A worker that runs it must be heard of at least this often, or the attempt counts as lost. Absent: its
    /// connection's own liveness is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat_ms: Option<u64>,
    /// Higher goes first among tasks that wait for a place.
    #[serde(default, skip_serializing_if = "is_normal")]
    pub priority: i32,
    /// Opened credentials by name: put in for the lease holder when the task is handed out. Never serialised with
    /// the task, so never in a row, an event or a log.
    #[serde(skip)]
    pub credentials: Credentials,
}

/// Opened credentials by name. `Debug` tells the names only.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Credentials(pub BTreeMap<String, Arc<Value>>);

impl Credentials {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

fn is_normal(priority: &i32) -> bool {
    *priority == 0
}

/// The end of one attempt, told by whoever ran it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskReport {
    pub key: TaskKey,
    #[serde(flatten)]
    pub outcome: TaskOutcome,
    pub duration_ms: u64,
    #[serde(default, skip_serializing_if = "Logs::is_empty")]
    pub logs: Logs,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum TaskOutcome {
    Completed {
        result: Arc<Value>,
    },
    Failed {
        error: TaskError,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<Arc<Value>>,
    },
}

impl TaskOutcome {
    /// The word of the wire.
    pub fn name(&self) -> &'static str {
        match self {
            TaskOutcome::Completed { .. } => "completed",
            TaskOutcome::Failed { .. } => "failed",
        }
    }
}

/// Why a task, step or execution failed. `code` is stable and listed in docs/errors.md.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[error("{message}")]
pub struct TaskError {
    pub code: String,
    /// Names the thing, the place and the way out.
    pub message: String,
    /// The traceback, response body or the like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
}

impl TaskError {
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), details: None, step: None, attempt: None }
    }

    pub fn with_details(mut self, details: impl Into<String>) -> Self {
        self.details = Some(details.into());
        self
    }

    pub fn at(mut self, step: &str, attempt: u32) -> Self {
        self.step = Some(step.to_owned());
        self.attempt = Some(attempt);
        self
    }
}

/// What an action wrote while it ran. Each stream keeps its end; what was left out is counted, never hidden.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Logs {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stdout: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stderr: String,
    /// Bytes left out from the front of stdout and stderr together.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub omitted_bytes: u64,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl Logs {
    pub fn is_empty(&self) -> bool {
        self.stdout.is_empty() && self.stderr.is_empty() && self.omitted_bytes == 0
    }
}

/// A task as it is handed out to a worker in another process. Goes over loopback or TLS only: here the opened
/// credentials are with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lease {
    pub task: Task,
    #[serde(default, skip_serializing_if = "Credentials::is_empty")]
    pub credentials: Credentials,
}

impl From<Task> for Lease {
    fn from(mut task: Task) -> Self {
        let credentials = std::mem::take(&mut task.credentials);
        Self { task, credentials }
    }
}

impl From<Lease> for Task {
    fn from(Lease { task, credentials }: Lease) -> Self {
        Self { credentials, ..task }
    }
}
