//! Request and response bodies of `/api/v1`, shared by REST, the CLI, server functions and the socket.

mod access;
mod control;
mod diff;
mod events;
mod metrics;
mod rerun;
mod schedules;
mod streams;
mod websocket;

pub use access::{AddUser, CreateToken, CreatedToken, LogIn, SetPassword, TokenSummary, UserSummary, WhoAmI};
pub use control::{ApprovalAnswer, ApprovalPage, ApprovalQuery, ReasonRequest, SignalRequest, WaitingApproval};
pub use diff::{DiffHunk, DiffKind, DiffLine, DiffQuery, PlaybookDiff};
pub use events::{EventFilter, EventQuery};
pub use metrics::{Series, SeriesList, SeriesPage, SeriesPoint, SeriesQuery, SeriesSummary};
pub use rerun::{BulkAction, BulkAnswer, BulkOutcome, BulkRequest, Lineage, ParentTask, RerunRequest};
pub use schedules::{CatchUp, Overlap, ScheduleDetail, ScheduleList, ScheduleQuery, ScheduleRequest, ScheduleSource};
pub use streams::{AgentList, Published};
pub use websocket::{BroadcastTest, BufferStatus, RoomStatus, WebsocketStatus};

use crate::{Diagnostic, Envelope, Epoch, ExecutionId, Outcome, Phase, Position, TaskError, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, fmt};

/// Answer to a registration. `created` is false when the newest version already has this content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Registered {
    pub path: String,
    pub version: u32,
    pub created: bool,
    /// Warnings only; errors refuse the registration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<Diagnostic>,
}

/// Answer to a validation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Validation {
    pub valid: bool,
    pub diagnostics: Vec<Diagnostic>,
}

/// One playbook of the catalog, at its newest version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlaybookSummary {
    pub path: String,
    pub name: String,
    #[serde(default)]
    pub description: Option<String>,
    pub version: u32,
    pub registered_at: Timestamp,
    pub executions: u64,
    /// The newest execution, if any.
    #[serde(default)]
    pub last: Option<ExecutionSummary>,
}

/// One version of a playbook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlaybookDetail {
    pub path: String,
    pub name: String,
    #[serde(default)]
    pub description: Option<String>,
    pub version: u32,
    pub latest_version: u32,
    pub registered_at: Timestamp,
    /// The YAML as registered.
    pub source: String,
    /// The default input: the playbook's `workload`.
    pub workload: Value,
    pub graph: crate::graph::Graph,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlaybookVersion {
    pub version: u32,
    pub registered_at: Timestamp,
    /// SHA-256 of the source, hex.
    pub content_hash: String,
}

/// Starts an execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SubmitRequest {
    pub path: String,
    /// Absent: the newest.
    #[serde(default)]
    pub version: Option<u32>,
    /// An object, merged deeply over the playbook's `workload`.
    #[serde(default)]
    pub input: Option<Value>,
    /// The submitter's own name for this submission, up to 512 bytes. A second one with it starts nothing and is
    /// answered with the execution of the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// Of its tasks, and of itself where it waits to be let in: -100 to 100, higher goes first. Absent: the
    /// playbook's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
}

impl SubmitRequest {
    /// A submission without input or key.
    pub fn new(path: impl Into<String>, version: Option<u32>) -> Self {
        Self { path: path.into(), version, input: None, idempotency_key: None, priority: None }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Submitted {
    pub execution_id: ExecutionId,
    /// False when the idempotency key was used before: the execution is the one it was used for.
    #[serde(default = "yes")]
    pub created: bool,
}

fn yes() -> bool {
    true
}

/// A row of the execution list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExecutionSummary {
    pub execution_id: ExecutionId,
    pub path: String,
    /// `null` only in a row the browser built from a live event, which does not tell it.
    pub version: Option<u32>,
    pub status: Phase,
    pub outcome: Option<Outcome>,
    /// The step that moved last.
    #[serde(default)]
    pub step: Option<String>,
    /// Completed of known steps, in percent.
    pub progress: f64,
    pub created_at: Timestamp,
    #[serde(default)]
    pub ended_at: Option<Timestamp>,
    #[serde(default)]
    pub error: Option<TaskError>,
    /// The position of the newest event this row knows of.
    pub position: Position,
}

/// One execution, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExecutionDetail {
    #[serde(flatten)]
    pub summary: ExecutionSummary,
    pub input: Value,
    pub result: Option<Value>,
    /// Where it comes from; `null` when somebody just started it. Its own children and reruns are found with the
    /// list's filters `parent` and `rerun_of`.
    #[serde(default)]
    pub lineage: Option<Lineage>,
}

/// Filters of the execution list; also the page's query string.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams, utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct ExecutionQuery {
    /// The screen's words: `queued`, `running`, `completed`, `failed`, `cancelled`; several by comma.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Exact playbook path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// A part of the path or of the execution's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Started by a step of this execution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ExecutionId>,
    /// Runs this execution again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rerun_of: Option<ExecutionId>,
    /// Started by `schedule:NAME`, `webhook:NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<String>,
    /// Started at or after / before, epoch ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// 1 to 500; 50 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A page of the list, newest first, as of `position`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExecutionPage {
    pub executions: Vec<ExecutionSummary>,
    #[serde(default)]
    pub next: Option<String>,
    pub position: Position,
}

/// A page of history. `next` is where the following page begins, its `after` (backwards, its `through`); `null` at the
/// end. A page can be shorter than asked for, even empty, and have a `next`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventPage {
    pub events: Vec<Envelope>,
    pub next: Option<Position>,
    /// Forwards, everything that was asked for up to here is in this page or before it; backwards, where the page begins.
    #[serde(default)]
    pub through: Position,
}

/// How many executions are in each state; `running` counts the queued too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatusCounts {
    pub running: u64,
    pub completed: u64,
    pub failed: u64,
    pub cancelled: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Health {
    /// `ok` or `draining`.
    pub status: String,
    pub version: String,
    pub epoch: Epoch,
    pub position: Position,
    pub uptime_ms: u64,
    pub websocket: HubHealth,
    /// Requests and connections refused since the start, by reason; told by a server.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refused: BTreeMap<String, u64>,
}

/// The hub's part of health.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HubHealth {
    /// Open connections.
    pub connections: u64,
    /// Upgrades accepted since the start.
    pub handshakes: u64,
    /// Topics with at least one subscriber.
    pub topics: u64,
    pub subscriptions: u64,
    /// Times a slow client was sent to the log.
    pub catch_ups: u64,
    /// Times a client was told that events are missing.
    #[serde(default)]
    pub gaps: u64,
    /// Ephemeral events somebody did not get.
    #[serde(default)]
    pub dropped: u64,
    /// Measurements collected to be sent together, and times some were sent.
    #[serde(default)]
    pub buffered: u64,
    #[serde(default)]
    pub flushes: u64,
}

/// What a credential is set to. `Debug` hides the value.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SetCredential {
    /// What its fields mean: `postgres`, `bearer`, `basic`, `header`, `api_key`, or any word that steps agree on.
    #[serde(rename = "type", default = "generic")]
    pub kind: String,
    /// The fields, an object. They are sealed, and no answer has them.
    pub value: Value,
    /// A note for people, such as whose it is; shown in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

fn generic() -> String {
    "generic".to_owned()
}

impl fmt::Debug for SetCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetCredential").field("kind", &self.kind).field("hint", &self.hint).finish_non_exhaustive()
    }
}

/// A stored credential without its value, which nothing tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CredentialSummary {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub hint: Option<String>,
    /// Which key seals it.
    pub key_id: String,
    /// Whether the server has that key; steps that need the credential fail otherwise.
    pub has_key: bool,
    pub created_at: Timestamp,
    /// When its value was set last.
    pub updated_at: Timestamp,
}

/// Answer to a rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rotated {
    /// The new key.
    pub key_id: String,
    /// Credentials sealed anew.
    pub resealed: u64,
}

/// The worker processes connected to one server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkerList {
    pub workers: Vec<WorkerSummary>,
}

/// A worker process, as long as it is connected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkerSummary {
    /// What events name as the worker of its tasks. Another after each reconnect.
    pub worker: String,
    /// What it calls itself.
    pub name: String,
    /// Of its program; may be empty.
    pub version: String,
    pub protocols: Vec<String>,
    /// Tasks at once, of all its protocols together.
    pub concurrency: u32,
    pub running: u32,
    /// It is about to leave and takes no more.
    pub draining: bool,
    pub connected_at: Timestamp,
    pub heard_at: Timestamp,
}
