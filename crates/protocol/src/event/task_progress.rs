//! What running tasks tell of themselves. Ephemeral: never a row, seen under the execution's topic.

use crate::{TaskKey, task::Logs};
use serde::{Deserialize, Serialize};

/// A running task is so far, or wrote something. The logs that are kept come with its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskProgress {
    #[serde(flatten)]
    pub key: TaskKey,
    /// Who runs it.
    pub worker: String,
    /// 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What it wrote since it was last heard of.
    #[serde(default, skip_serializing_if = "Logs::is_empty")]
    pub logs: Logs,
}
