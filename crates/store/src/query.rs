//! What is read back.

use protocol::{Envelope, ExecutionId, Outcome, Phase, Position, Task, Timestamp};

/// A playbook to register.
#[derive(Clone, Debug)]
pub struct NewPlaybook {
    pub path: String,
    pub name: String,
    pub description: Option<String>,
    pub source: String,
    /// SHA-256 of the source, hex.
    pub content_hash: String,
    /// What it consists of, as JSON `{"steps", "transitions", "workbook"}`, for the views.
    pub definition: Option<String>,
    pub registered_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PlaybookRow {
    pub path: String,
    pub version: u32,
    pub name: String,
    pub description: Option<String>,
    pub source: String,
    pub content_hash: String,
    pub registered_at: Timestamp,
}

/// An execution that has not ended.
#[derive(Clone, Debug, PartialEq)]
pub struct ActiveExecution {
    pub execution_id: ExecutionId,
    pub path: String,
    pub playbook_version: u32,
    pub version: u64,
    /// `Initial`: it waits to be let in.
    pub phase: Phase,
    pub wake_at: Option<Timestamp>,
    /// The server that moves it, alive or not.
    pub owner: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct StoredTask {
    pub task: Task,
    pub due: Timestamp,
    pub claimed_by: Option<String>,
}

/// A page of a topic's history.
#[derive(Clone, Debug, PartialEq)]
pub struct LogPage {
    pub events: Vec<Envelope>,
    /// Of their data, as it is kept.
    pub bytes: usize,
    /// Everything of the topic up to here is in this page or before it.
    pub through: Position,
    /// Nothing of the topic was in the log after `through` when it was read.
    pub at_head: bool,
    /// Events of the topic up to here may have been removed; 0 where none were. Whoever goes on from before this
    /// may miss some.
    pub complete_after: Position,
}

/// Which executions to list.
#[derive(Clone, Debug, Default)]
pub struct ExecutionFilter {
    /// Empty: all. `(phase, outcome)` pairs, any of which matches; `None` outcome: not ended.
    pub states: Vec<(Phase, Option<Outcome>)>,
    pub path: Option<String>,
    /// Part of the path or id, without regard to case; `%` and `_` are literal.
    pub text: Option<String>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// Started by this execution.
    pub parent: Option<ExecutionId>,
    /// Repeats this execution.
    pub rerun_of: Option<ExecutionId>,
    /// `schedule:NAME`, `webhook:NAME`.
    pub trigger: Option<String>,
    /// Only executions older than this one (newest first).
    pub before: Option<ExecutionId>,
    pub limit: u32,
}
