//! The list of executions.

use crate::{
    Envelope, ExecutionId, Outcome, Phase, Position, TaskError, Timestamp,
    api::ExecutionSummary,
    event::{WorkflowExecution, WorkflowStatus},
    projection,
};
use serde::{Deserialize, Serialize};

/// Rows, newest first, with the position they are true at. Fed by `workflow_execution` projections.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ExecutionRows {
    pub rows: Vec<ExecutionSummary>,
    pub position: Position,
}

impl ExecutionRows {
    /// Applies one event; older ones than the view are ignored. Returns the index of the row that changed,
    /// or `None` when the event is of an execution that is not shown (the caller decides whether to show it).
    pub fn apply(&mut self, envelope: &Envelope) -> Option<usize> {
        let position = envelope.position?;
        let (event, id) = projection::of_execution(envelope)?;
        self.position = self.position.max(position);
        let index = self.rows.iter().position(|row| row.execution_id == id)?;
        apply_to_row(&mut self.rows[index], event, position).then_some(index)
    }
}

/// The row of an execution that only this event tells of. Its version is not known; its start is in its id.
pub fn row_of(event: &WorkflowExecution, id: ExecutionId, position: Position) -> ExecutionSummary {
    let mut row = ExecutionSummary {
        execution_id: id,
        path: event.workflow_id.clone(),
        version: None,
        status: Phase::Initial,
        outcome: None,
        step: None,
        progress: 0.0,
        created_at: started_at(event, id),
        ended_at: None,
        error: None,
        position: Position(0),
    };
    apply_to_row(&mut row, event, position);
    row
}

/// Execution ids are UUIDv7: their first 48 bits are the time they were drawn at.
fn started_at(event: &WorkflowExecution, id: ExecutionId) -> Timestamp {
    match id.0.get_timestamp().map(|at| at.to_unix()) {
        Some((s, nanos)) => {
            Timestamp(i64::try_from(s).unwrap_or(0).saturating_mul(1000) + i64::from(nanos / 1_000_000))
        }
        None => event.timestamp,
    }
}

/// Brings one row forward; false when the row already knew.
pub fn apply_to_row(row: &mut ExecutionSummary, event: &WorkflowExecution, position: Position) -> bool {
    if position <= row.position {
        return false;
    }
    row.position = position;
    if event.status == WorkflowStatus::Running {
        row.step = Some(event.stage.clone());
    }
    if let Some(percent) = event.progress {
        row.progress = percent;
    }
    (row.status, row.outcome) = match event.status {
        WorkflowStatus::Pending => (Phase::Initial, None),
        WorkflowStatus::Running => (Phase::InProgress, None),
        WorkflowStatus::Completed => (Phase::Completed, Some(Outcome::Completed)),
        WorkflowStatus::Failed => (Phase::Completed, Some(Outcome::Failed)),
        WorkflowStatus::Cancelled => (Phase::Completed, Some(Outcome::Cancelled)),
    };
    if row.status == Phase::Completed {
        row.ended_at = Some(event.timestamp);
        row.error = event.error.as_ref().map(|message| TaskError::new("failed", message.clone()));
    }
    true
}
