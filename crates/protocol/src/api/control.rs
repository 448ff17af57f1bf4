//! Commands to executions that are under way.

use crate::{ExecutionId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Cancels, terminates or pauses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReasonRequest {
    /// Kept in the history.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What a `wait` for a signal waits for. Sent before it waits, it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignalRequest {
    pub name: String,
    /// The result of the step that waits; `null` unless told.
    #[serde(default)]
    pub data: Option<Value>,
}

/// Answers a step that waits for a person.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ApprovalAnswer {
    /// The fields of its form. Absent: `{"approved": true}`.
    #[serde(default)]
    pub data: Option<Value>,
    /// The visit that is meant, as the list tells it; unless told, the oldest that waits.
    #[serde(default)]
    pub visit: Option<u32>,
}

/// A step that waits for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WaitingApproval {
    pub execution_id: ExecutionId,
    pub path: String,
    pub step: String,
    pub visit: u32,
    /// What is asked.
    pub message: String,
    /// The fields to fill in: `{name, label, type, required, default, options}` each.
    pub form: Value,
    pub requested_at: Timestamp,
    /// When `default` is taken, or the step fails.
    #[serde(default)]
    pub due: Option<Timestamp>,
    #[serde(default)]
    pub default: Option<Value>,
}

/// Which approvals. All, where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct ApprovalQuery {
    /// Exact playbook path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Of this execution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_id: Option<ExecutionId>,
    /// `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// 1 to 500; 50 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A page of approvals, those that wait the longest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApprovalPage {
    pub approvals: Vec<WaitingApproval>,
    #[serde(default)]
    pub next: Option<String>,
}
