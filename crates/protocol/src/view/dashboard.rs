//! The dashboard: what needs me, what runs.

use crate::{
    Envelope, Event, Outcome, Phase, Position, Timestamp,
    api::{ExecutionSummary, StatusCounts},
    event::WorkflowStatus,
};
use serde::{Deserialize, Serialize};

use super::executions::apply_to_row;

/// Rows shown in each list.
const LIST: usize = 12;
/// Seconds of event rate kept.
const RATE_SECONDS: usize = 60;

/// Counts, the running, the recently failed, and updates per second of the last minute, true at `position`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DashboardView {
    pub counts: StatusCounts,
    pub running: Vec<ExecutionSummary>,
    pub failures: Vec<ExecutionSummary>,
    /// Workflow updates per second, oldest first; the last entry is the second of `rate_until`.
    pub rate: Vec<u32>,
    /// Epoch second of the last entry of `rate`.
    pub rate_until: i64,
    pub position: Position,
}

impl DashboardView {
    /// Applies one `workflow_execution` projection; older ones than the view are ignored.
    pub fn apply(&mut self, envelope: &Envelope) {
        let Some(position) = envelope.position.filter(|position| *position > self.position) else { return };
        let Event::WorkflowExecution(event) = &envelope.event else { return };
        self.position = position;
        self.advance(event.timestamp);
        if let Some(last) = self.rate.last_mut() {
            *last += 1;
        }

        let found = self.running.iter().position(|row| row.execution_id == event.execution_id);
        let mut row = match found {
            Some(index) => self.running.remove(index),
            None => ExecutionSummary {
                execution_id: event.execution_id,
                path: event.workflow_id.clone(),
                version: None,
                status: Phase::Initial,
                outcome: None,
                step: None,
                progress: 0.0,
                created_at: event.timestamp,
                ended_at: None,
                error: None,
                position: Position(0),
            },
        };
        apply_to_row(&mut row, event, position);
        match event.status {
            WorkflowStatus::Pending => self.counts.running += 1,
            WorkflowStatus::Running => {}
            ended => {
                self.counts.running = self.counts.running.saturating_sub(1);
                match ended {
                    WorkflowStatus::Failed => self.counts.failed += 1,
                    WorkflowStatus::Cancelled => self.counts.cancelled += 1,
                    _ => self.counts.completed += 1,
                }
            }
        }
        match (row.status, row.outcome) {
            (Phase::Completed, Some(Outcome::Failed)) => {
                self.failures.retain(|known| known.execution_id != row.execution_id);
                self.failures.insert(0, row);
                self.failures.truncate(LIST);
            }
            (Phase::Completed, _) => {}
            _ => match found {
                Some(index) => self.running.insert(index, row),
                None if event.status == WorkflowStatus::Pending => {
                    self.running.insert(0, row);
                    self.running.truncate(LIST);
                }
                None => {}
            },
        }
    }

    /// Moves the rate's window to `now`, adding empty seconds.
    pub fn advance(&mut self, now: Timestamp) {
        let second = now.0.div_euclid(1000);
        if self.rate.len() != RATE_SECONDS || second - self.rate_until > RATE_SECONDS as i64 {
            self.rate.resize(RATE_SECONDS, 0);
        }
        let steps = (second - self.rate_until).clamp(0, RATE_SECONDS as i64) as usize;
        self.rate.drain(..steps);
        self.rate.resize(RATE_SECONDS, 0);
        self.rate_until = self.rate_until.max(second);
    }
}
