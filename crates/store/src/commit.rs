//! One decision, as the store takes it.

use protocol::{
    CommitId, Envelope, Event, EventId, ExecutionId, Outcome, Phase, Position, Task, TaskError, TaskKey, Timestamp,
};
use serde_json::Value;
use std::sync::Arc;

/// Applied whole or not at all. Events of an execution come with its `execution`, all others with `None`; a
/// commit that mixes them is refused.
#[derive(Clone, Debug)]
pub struct Commit {
    pub id: CommitId,
    pub time: Timestamp,
    pub execution: Option<ExecutionChange>,
    /// In order; positions are assigned by the store.
    pub events: Vec<NewEvent>,
    pub tasks: Vec<TaskChange>,
}

/// What changes in the execution's row. `expected_version` counts the execution's events before this commit
/// (0: the execution must not exist, and the commit has at least one event); afterwards it is `expected_version + events.len()`.
#[derive(Clone, Debug)]
pub struct ExecutionChange {
    pub execution_id: ExecutionId,
    pub expected_version: u64,
    pub path: Arc<str>,
    pub playbook_version: u32,
    pub phase: Phase,
    pub outcome: Option<Outcome>,
    /// The step that moved last.
    pub step: Option<Arc<str>>,
    /// Percent of known steps completed.
    pub progress: f64,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// When the execution wants a tick, if no report comes first.
    pub wake_at: Option<Timestamp>,
    /// Written when the execution is created; `None` later keeps it.
    pub input: Option<Arc<Value>>,
    /// Written when it ends.
    pub result: Option<Arc<Value>>,
    pub error: Option<TaskError>,
    /// The server that moves it from now on; `None` leaves it with the one it has.
    pub owner: Option<Arc<str>>,
}

#[derive(Clone, Debug)]
pub struct NewEvent {
    pub id: EventId,
    pub correlation_id: Option<String>,
    pub causation_id: Option<String>,
    pub traceparent: Option<String>,
    pub event: Event,
}

/// A change to the task table. Within a commit all `Add`s are applied, then the `Claim`s, then the `Settle`s.
#[derive(Clone, Debug)]
pub enum TaskChange {
    /// A new task; `claimed_by` (`server/worker`) set when the same commit hands it out. Inserting a key twice is an error.
    Add { task: Arc<Task>, due: Timestamp, claimed_by: Option<Arc<str>> },
    /// Hand out an open task, also one that was handed out before. Nothing happens when it is not open.
    Claim { key: TaskKey, worker: Arc<str> },
    /// The task is done with: reported, cancelled or timed out. Nothing happens when it is not open.
    Settle { key: TaskKey },
}

/// What a commit became.
#[derive(Clone, Debug, PartialEq)]
pub struct Committed {
    /// Of the first event; the others follow without gaps. The head, when there were no events.
    pub first: Position,
    /// The events as envelopes, in order.
    pub events: Arc<[Arc<Envelope>]>,
}

/// The durable events of one group commit, in position order.
pub type CommittedBatch = Vec<Arc<[Arc<Envelope>]>>;
