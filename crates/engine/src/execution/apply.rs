//! The one fold of the execution log.

use super::{
    apply_work::{CANCELLED, failure},
    piece::Piece,
    state::{Arrival, Execution, Record, RecordId, Visit},
};
use crate::playbook::SAVE;
use protocol::{
    Event, Phase, TaskPart, Timestamp,
    event::{
        ExecutionComplete, ExecutionQueued, ExecutionStart, StepCompleted, StepFailed, StepReused, StepStarted,
        Transition,
    },
};
use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync, VectorSync};
use serde_json::Value;
use std::sync::Arc;

impl Execution {
    /// Applies one event of this execution, in the order of its log; `time` is when it was recorded.
    /// Events of others, and events that are not of an execution's log, are ignored.
    pub fn apply(&mut self, event: &Event, time: Timestamp) {
        if event.execution_id() != Some(self.id) {
            return;
        }
        self.event_count += 1;
        self.latest = self.latest.max(time);
        match event {
            Event::ExecutionQueued(event) => self.queued(event, time),
            Event::ExecutionStart(event) => self.started(event, time),
            Event::StepStarted(event) => self.step_started(event, time),
            Event::ActionStarted(event) => self.action_started(event, time),
            Event::ActionCompleted(event) => self.action_completed(event, time),
            Event::ActionFailed(event) => self.action_failed(event),
            Event::RetryScheduled(event) => self.retry_scheduled(event),
            Event::IteratorStarted(event) => self.iterator_started(event, time),
            Event::IteratorCompleted(event) => self.iterator_completed(event, time),
            Event::StepCompleted(event) => self.step_completed(event),
            Event::StepReused(event) => self.step_reused(event),
            Event::StepFailed(event) => self.step_failed(event),
            Event::ExecutionComplete(event) => self.completed(event, time),
            Event::ApprovalRequested(event) => self.approval_requested(event, time),
            Event::SignalReceived(event) => self.signal_received(event),
            Event::ReportLate(event) => self.report_late(event),
            Event::ExecutionPaused(_) => self.is_paused = true,
            Event::ExecutionResumed(_) => self.is_paused = false,
            Event::ExecutionCancelled(_) => self.cancelled(),
            _ => {}
        }
    }

    /// An evaluated arc: the first one of a visit of a control step shows that it was passed.
    pub(crate) fn transition(&mut self, transition: &Transition) {
        let from = self.mention(&transition.from);
        if self.visited(from, transition.visit) {
            self.waiting.remove_mut(&from);
        }
        if transition.taken {
            // The failure of this step is handled.
            if self.failed_cleanup.as_ref().is_some_and(|error| error.step.as_deref() == Some(&*transition.from)) {
                self.failed_cleanup = None;
            }
            let to = self.mention(&transition.to);
            let mut arrivals = self.waiting.get(&to).cloned().unwrap_or_else(VectorSync::new_sync);
            arrivals.push_back_mut(Arrival { data: transition.data.clone() });
            self.waiting.insert_mut(to, arrivals);
        }
    }

    fn transitions(&mut self, arcs: &[Transition]) {
        for arc in arcs {
            self.transition(arc);
        }
    }

    fn queued(&mut self, event: &ExecutionQueued, time: Timestamp) {
        self.path = event.path.as_str().into();
        self.version = event.version;
        self.input = event.input.clone();
        self.origin = Arc::new(event.origin.clone());
        self.created_at = time;
        self.is_queued = true;
    }

    fn started(&mut self, event: &ExecutionStart, time: Timestamp) {
        self.path = event.path.as_str().into();
        self.version = event.version;
        self.input = event.input.clone();
        self.workload = Some(event.workload.clone());
        self.progress = event.progress;
        self.origin = Arc::new(event.origin.clone());
        if !self.is_queued {
            self.created_at = time;
        }
        self.started_at = Some(time);
        self.phase = self.phase.max(Phase::InProgress);
        self.transitions(&event.arcs);
    }

    fn step_started(&mut self, event: &StepStarted, time: Timestamp) {
        let id = self.mention(&event.step);
        self.waiting.remove_mut(&id);
        self.visited(id, event.visit);
        self.change(id, |record| record.running += 1);
        let before = self.last_result().cloned();
        // A step that only saves has no action.
        let part = if event.saves && event.protocol == SAVE { TaskPart::Save } else { TaskPart::Action };
        let (input, piece) = (event.input.clone(), Piece::new(part, time));
        let visit = Visit { input, before, result: None, saves: event.saves, piece };
        self.running.insert_mut((id, event.visit), visit);
        self.moved(id);
        self.progress = event.progress;
    }

    fn step_completed(&mut self, event: &StepCompleted) {
        let id = self.mention(&event.step);
        self.end_visit(id, event.visit);
        self.change(id, |record| record.is_completed = true);
        self.progress = event.progress;
        self.transitions(&event.arcs);
    }

    /// A visit that begins and completes at once.
    fn step_reused(&mut self, event: &StepReused) {
        let id = self.mention(&event.step);
        self.waiting.remove_mut(&id);
        self.visited(id, event.visit);
        self.end_visit(id, event.visit);
        self.change(id, |record| {
            record.is_completed = true;
            record.result = Some(event.result.clone());
        });
        self.progress = event.progress;
        self.transitions(&event.arcs);
    }

    fn step_failed(&mut self, event: &StepFailed) {
        let id = self.mention(&event.step);
        // A control step that failed: it never started, and this visit of it is over. One that a cancellation stopped
        // was counted when it started.
        if !self.end_visit(id, event.visit) && self.visited(id, event.visit) {
            self.waiting.remove_mut(&id);
        }
        if self.is_cancelling && event.error.code != CANCELLED && self.failed_cleanup.is_none() {
            self.failed_cleanup = Some(Arc::new(event.error.clone()));
        }
        let result = self.record(id).result.clone();
        let result = match &result {
            Some(result) if result.get("status").and_then(Value::as_str) == Some("error") => result.clone(),
            result => Arc::new(failure(result.as_deref(), &event.error)),
        };
        self.change(id, |record| record.result = Some(result));
        self.progress = event.progress;
        self.transitions(&event.arcs);
    }

    /// Everything stops; what cleans up follows in the same decision.
    fn cancelled(&mut self) {
        self.stop();
        self.is_paused = false;
        self.is_cancelling = true;
    }

    fn completed(&mut self, event: &ExecutionComplete, time: Timestamp) {
        self.phase = Phase::Completed;
        self.outcome = Some(event.outcome);
        self.result = Some(event.result.clone());
        self.error = event.error.clone().map(Arc::new);
        self.progress = event.progress;
        self.ended_at = Some(time);
        self.stop();
        self.signals = RedBlackTreeMapSync::new_sync();
        self.signal_count = 0;
        self.lost = RedBlackTreeSetSync::new_sync();
        self.is_paused = false;
    }

    /// The step's record, made at its first mention.
    pub(super) fn mention(&mut self, step: &str) -> RecordId {
        if let Some(id) = self.names.get(step) {
            return *id;
        }
        let id = RecordId(self.records.len());
        let name: Arc<str> = step.into();
        self.records.push_back_mut(Record {
            name: name.clone(),
            visits: 0,
            running: 0,
            is_completed: false,
            result: None,
        });
        self.names.insert_mut(name, id);
        id
    }

    /// Counts a visit; false when it was counted before.
    pub(super) fn visited(&mut self, id: RecordId, visit: u32) -> bool {
        let is_new = self.record(id).visits < visit;
        if is_new {
            self.change(id, |record| record.visits = visit);
            self.repeats = self.repeats.saturating_add(u32::from(visit > 1));
        }
        is_new
    }

    pub(super) fn change(&mut self, id: RecordId, change: impl FnOnce(&mut Record)) {
        if let Some(record) = self.records.get_mut(id.0) {
            change(record);
        }
    }

    pub(super) fn moved(&mut self, id: RecordId) {
        self.last_step = Some(self.record(id).name.clone());
    }
}
