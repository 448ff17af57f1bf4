//! The dashboard: what needs me, what runs.

use crate::{
    Envelope, Outcome, Phase, Position, Timestamp,
    api::{ExecutionSummary, StatusCounts},
    event::WorkflowStatus,
    projection,
};
use serde::{Deserialize, Serialize};

use super::executions::{apply_to_row, row_of};

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
        let Some((event, id)) = projection::of_execution(envelope) else { return };
        self.position = position;
        self.advance(event.timestamp);
        if let Some(last) = self.rate.last_mut() {
            *last += 1;
        }

        self.count(event.status);
        let mut row = match self.running.iter().position(|row| row.execution_id == id) {
            Some(index) => self.running.remove(index),
            None => row_of(event, id, position),
        };
        apply_to_row(&mut row, event, position);
        match (row.status, row.outcome) {
            (Phase::Completed, Some(Outcome::Failed)) => {
                self.failures.retain(|known| known.execution_id != row.execution_id);
                self.failures.insert(0, row);
                self.failures.truncate(LIST);
            }
            (Phase::Completed, _) => {}
            _ => self.show_running(row),
        }
    }

    fn count(&mut self, status: WorkflowStatus) {
        if matches!(status, WorkflowStatus::Completed | WorkflowStatus::Failed | WorkflowStatus::Cancelled) {
            self.counts.running = self.counts.running.saturating_sub(1);
        }
        match status {
            WorkflowStatus::Pending => self.counts.running += 1,
            WorkflowStatus::Running => {}
            WorkflowStatus::Completed => self.counts.completed += 1,
            WorkflowStatus::Failed => self.counts.failed += 1,
            WorkflowStatus::Cancelled => self.counts.cancelled += 1,
        }
    }

    /// Newest first; one that was crowded out comes back with its next event when there is room again.
    fn show_running(&mut self, row: ExecutionSummary) {
        let at = self.running.partition_point(|known| known.execution_id > row.execution_id);
        self.running.insert(at, row);
        self.running.truncate(LIST);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EventId, ExecutionId, event::WorkflowExecution};
    use uuid::Uuid;

    fn id(n: u128) -> ExecutionId {
        ExecutionId(Uuid::from_u128(n))
    }

    fn told(position: u64, n: u128, status: WorkflowStatus) -> Envelope {
        let event = WorkflowExecution {
            workflow_id: "a/b".into(),
            execution_id: id(n).to_string(),
            stage: "step".into(),
            status,
            progress: Some(50.0),
            agent_id: None,
            result: None,
            error: None,
            timestamp: Timestamp(1_000_000),
        };
        Envelope {
            id: EventId(Uuid::from_u128(u128::from(position))).projected(0),
            position: Some(Position(position)),
            time: Timestamp(1_000_000),
            correlation_id: None,
            causation_id: None,
            traceparent: None,
            event: event.into(),
        }
    }

    #[test]
    fn executions_are_counted_and_listed_from_start_to_end() {
        let mut view = DashboardView::default();
        view.apply(&told(1, 7, WorkflowStatus::Pending));
        view.apply(&told(2, 7, WorkflowStatus::Running));
        assert_eq!((view.counts.running, view.running.len()), (1, 1));
        assert_eq!(view.running[0].step.as_deref(), Some("step"));
        view.apply(&told(3, 7, WorkflowStatus::Failed));
        assert_eq!((view.counts.running, view.counts.failed), (0, 1));
        assert_eq!((view.running.len(), view.failures.len()), (0, 1));
        assert_eq!(view.rate.last(), Some(&3));
    }

    #[test]
    fn what_other_programs_say_of_their_workflows_is_no_execution_here() {
        let mut view = DashboardView::default();
        let mut foreign = told(1, 7, WorkflowStatus::Pending);
        foreign.id = EventId(Uuid::from_u128(1));
        view.apply(&foreign);
        assert_eq!(view, DashboardView::default());
    }

    #[test]
    fn what_is_known_already_changes_nothing() {
        let mut view = DashboardView { position: Position(5), ..DashboardView::default() };
        view.apply(&told(5, 7, WorkflowStatus::Pending));
        assert_eq!(view.counts, StatusCounts::default());
    }

    #[test]
    fn running_one_that_was_crowded_out_comes_back_when_there_is_room() {
        let mut view = DashboardView::default();
        for n in 1..=13 {
            view.apply(&told(n, u128::from(n), WorkflowStatus::Pending));
        }
        assert_eq!((view.counts.running, view.running.len()), (13, LIST));
        assert_eq!(view.running[0].execution_id, id(13));
        view.apply(&told(14, 13, WorkflowStatus::Completed));
        view.apply(&told(15, 1, WorkflowStatus::Running));
        assert_eq!(view.running.last().map(|row| row.execution_id), Some(id(1)));
    }
}
