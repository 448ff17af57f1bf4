//! The steps of an execution and their attempts.

use super::items::ItemsView;
use crate::{ExecutionId, StepStatus, TaskError, TaskPart, Timestamp, task::Logs, view::Preview};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// The newest visit of one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepView {
    pub step: String,
    /// Empty for a step whose result was taken over from another execution.
    pub protocol: String,
    pub status: StepStatus,
    pub visit: u32,
    pub attempt: u32,
    pub input: Preview,
    pub result: Option<Preview>,
    pub error: Option<TaskError>,
    pub started_at: Timestamp,
    /// Since when its next task could be taken: its start, the end of its action before a save, a retry's due time.
    #[serde(default)]
    pub queued_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// Of a `playbook` step: the execution that does it.
    #[serde(default)]
    pub child: Option<ExecutionId>,
    /// Of a step that waits: until when, and for which signal.
    #[serde(default)]
    pub until: Option<Timestamp>,
    #[serde(default)]
    pub signal: Option<String>,
    /// Of an approval: what was asked.
    #[serde(default)]
    pub approval: Option<ApprovalView>,
    /// Of an iterator: its items.
    #[serde(default)]
    pub items: Option<ItemsView>,
    /// Whose result it took over, instead of running.
    #[serde(default)]
    pub reused_of: Option<ExecutionId>,
}

/// What a person is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApprovalView {
    pub message: String,
    /// The fields to fill in: a list of `{name, label, type, required, default, options}`. Whole, as a page needs it;
    /// the playbook bounds it.
    pub form: Arc<Value>,
    pub requested_at: Timestamp,
    /// When `default` is taken, or the step fails.
    pub due: Option<Timestamp>,
    pub default: Option<Arc<Value>>,
}

/// One attempt at one visit's work: a row of the timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttemptView {
    pub step: String,
    pub visit: u32,
    pub attempt: u32,
    pub part: TaskPart,
    /// Of an iterator: which item.
    #[serde(default)]
    pub item: Option<u32>,
    pub status: StepStatus,
    /// Since when the task could be taken; queue time ends at `started_at`.
    pub queued_at: Timestamp,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub worker: String,
    /// Of a `playbook` action: the execution that does it.
    #[serde(default)]
    pub child: Option<ExecutionId>,
    pub logs: Logs,
    pub error: Option<TaskError>,
}

impl StepView {
    /// A visit that begins.
    pub(super) fn begun(step: &str, visit: u32, protocol: &str, input: &Value, now: Timestamp) -> Self {
        Self {
            step: step.to_owned(),
            protocol: protocol.to_owned(),
            status: StepStatus::Queued,
            visit,
            attempt: 1,
            input: Preview::of(input),
            result: None,
            error: None,
            started_at: now,
            queued_at: now,
            ended_at: None,
            child: None,
            until: None,
            signal: None,
            approval: None,
            items: None,
            reused_of: None,
        }
    }

    /// Whether somebody has to answer it now.
    pub fn waits_for_answer(&self) -> bool {
        self.approval.is_some() && !self.status.is_final()
    }

    pub(super) fn end(&mut self, status: StepStatus, now: Timestamp) {
        self.status = status;
        self.ended_at = Some(now);
        if let Some(items) = &mut self.items {
            items.stopped(now);
        }
    }
}
