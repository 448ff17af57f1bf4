//! Running again, one execution or many; where executions come from.

use super::ExecutionQuery;
use crate::{ExecutionId, event::Rerun};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Runs an execution again, as a new one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RerunRequest {
    /// The step to begin at: it and all it leads to are done anew, the results of what else completed are taken
    /// over. Absent: where it stopped, if it failed or was cancelled; else from the start. `start`: everything anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Another input, an object; absent: the one it had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// Another version of its playbook; absent: the one it had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// As of a submission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}

/// Where an execution comes from, when nobody just started it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Lineage {
    /// The execution whose step started this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ParentTask>,
    /// The execution that is run again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rerun: Option<Rerun>,
    /// `schedule:NAME`, `webhook:NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ParentTask {
    pub execution_id: ExecutionId,
    /// `execution/step/visit/attempt`, with `#item` for an iterator's item.
    pub task: String,
}

/// What to do with many executions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BulkAction {
    Cancel,
    Terminate,
    Pause,
    Resume,
    Rerun,
}

/// Does one thing to many executions: to all that `filter` finds, or to those that `executions` names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BulkRequest {
    pub action: BulkAction,
    /// As of the list of executions, without `limit`; says at least one thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<ExecutionQuery>,
    /// These and no others, 1 to 1,000: what was looked at before, whatever has started since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executions: Option<Vec<ExecutionId>>,
    /// Of a filter, the newest so many: 1 to 1,000; 100 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Kept in the history; of `cancel`, `terminate` and `pause`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of `rerun`: the step to begin at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Only tell which executions are meant.
    #[serde(default)]
    pub dry_run: bool,
}

/// What became of each: the newest first, or in the order of `executions`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BulkAnswer {
    pub outcomes: Vec<BulkOutcome>,
    /// There are more than `limit`: the filter's `cursor` for them.
    #[serde(default)]
    pub next: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BulkOutcome {
    pub execution_id: ExecutionId,
    /// Of its playbook; empty when there is no such execution.
    pub path: String,
    /// Whether it was done; in a dry run, `null`.
    pub done: Option<bool>,
    /// The new execution of a rerun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<ExecutionId>,
    /// Why it was not: a problem's `code` and `detail`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}
