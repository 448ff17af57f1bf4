//! The one fold of the execution log.

use super::state::{Arrival, Execution, Record, RecordId, Visit};
use protocol::{
    Event, Phase, TaskError, TaskPart, Timestamp,
    event::{
        ActionCompleted, ActionFailed, ActionStarted, ExecutionComplete, ExecutionQueued, ExecutionStart,
        RetryScheduled, StepCompleted, StepFailed, StepStarted, Transition,
    },
};
use rpds::VectorSync;
use serde_json::{Value, json};
use std::sync::Arc;

impl Execution {
    /// Applies one event of this execution, in the order of its log; `time` is when it was recorded.
    /// Events of others, and events that are not of an execution's log, are ignored.
    pub fn apply(&mut self, event: &Event, time: Timestamp) {
        if event.execution_id() != Some(self.id) {
            return;
        }
        self.event_count += 1;
        match event {
            Event::ExecutionQueued(event) => self.queued(event, time),
            Event::ExecutionStart(event) => self.started(event, time),
            Event::StepStarted(event) => self.step_started(event),
            Event::ActionStarted(event) => self.action_started(event),
            Event::ActionCompleted(event) => self.action_completed(event),
            Event::ActionFailed(event) => self.action_failed(event),
            Event::RetryScheduled(event) => self.retry_scheduled(event),
            Event::StepCompleted(event) => self.step_completed(event),
            Event::StepFailed(event) => self.step_failed(event),
            Event::ExecutionComplete(event) => self.completed(event, time),
            // What a cancellation ends is in the `execution_complete` that follows it.
            Event::ExecutionCancelled(_) => {}
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

    fn step_started(&mut self, event: &StepStarted) {
        let id = self.mention(&event.step);
        self.waiting.remove_mut(&id);
        self.visited(id, event.visit);
        self.change(id, |record| record.running += 1);
        let visit = Visit {
            input: event.input.clone(),
            attempt: 1,
            part: TaskPart::Action,
            is_claimed: false,
            is_settled: false,
        };
        self.running.insert_mut((id, event.visit), visit);
        self.moved(id);
        self.progress = event.progress;
    }

    fn action_started(&mut self, event: &ActionStarted) {
        let id = self.mention(&event.step);
        self.change_visit(id, event.visit, |visit| {
            visit.attempt = event.attempt;
            visit.part = event.part;
            visit.is_claimed = true;
        });
        self.moved(id);
    }

    fn action_completed(&mut self, event: &ActionCompleted) {
        let id = self.mention(&event.step);
        self.change_visit(id, event.visit, |visit| visit.is_settled = true);
        if event.part.is_action() {
            self.change(id, |record| record.result = Some(event.result.clone()));
        }
        self.moved(id);
    }

    fn action_failed(&mut self, event: &ActionFailed) {
        let id = self.mention(&event.step);
        self.change_visit(id, event.visit, |visit| visit.is_settled = true);
        self.change(id, |record| record.result = Some(Arc::new(failure(event.result.as_deref(), &event.error))));
        self.moved(id);
    }

    fn retry_scheduled(&mut self, event: &RetryScheduled) {
        let id = self.mention(&event.step);
        self.change_visit(id, event.visit, |visit| {
            visit.attempt = event.attempt;
            visit.is_claimed = false;
            visit.is_settled = false;
        });
        self.moved(id);
    }

    fn step_completed(&mut self, event: &StepCompleted) {
        let id = self.mention(&event.step);
        self.end_visit(id, event.visit);
        self.change(id, |record| record.is_completed = true);
        self.progress = event.progress;
        self.transitions(&event.arcs);
    }

    fn step_failed(&mut self, event: &StepFailed) {
        let id = self.mention(&event.step);
        if !self.end_visit(id, event.visit) {
            // A control step: it never started, and this visit of it is over.
            self.visited(id, event.visit);
            self.waiting.remove_mut(&id);
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

    fn completed(&mut self, event: &ExecutionComplete, time: Timestamp) {
        self.phase = Phase::Completed;
        self.outcome = Some(event.outcome);
        self.result = Some(event.result.clone());
        self.error = event.error.clone().map(Arc::new);
        self.progress = event.progress;
        self.ended_at = Some(time);
        self.running = rpds::RedBlackTreeMapSync::new_sync();
        self.waiting = rpds::RedBlackTreeMapSync::new_sync();
    }

    /// The step's record, made at its first mention.
    fn mention(&mut self, step: &str) -> RecordId {
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
    fn visited(&mut self, id: RecordId, visit: u32) -> bool {
        let is_new = self.record(id).visits < visit;
        if is_new {
            self.change(id, |record| record.visits = visit);
            self.repeats = self.repeats.saturating_add(u32::from(visit > 1));
        }
        is_new
    }

    fn change(&mut self, id: RecordId, change: impl FnOnce(&mut Record)) {
        if let Some(record) = self.records.get_mut(id.0) {
            change(record);
        }
    }

    fn change_visit(&mut self, id: RecordId, visit: u32, change: impl FnOnce(&mut Visit)) {
        if let Some(known) = self.running.get(&(id, visit)) {
            let mut changed = known.clone();
            change(&mut changed);
            self.running.insert_mut((id, visit), changed);
        }
    }

    /// False when the visit was not under way.
    fn end_visit(&mut self, id: RecordId, visit: u32) -> bool {
        let was = self.running.remove_mut(&(id, visit));
        if was {
            self.change(id, |record| record.running = record.running.saturating_sub(1));
        }
        self.finished_last = Some(id);
        self.moved(id);
        was
    }

    fn moved(&mut self, id: RecordId) {
        self.last_step = Some(self.record(id).name.clone());
    }
}

/// What expressions see of a failed step: what it returned, if that was a map, with `status` and `error`.
fn failure(result: Option<&Value>, error: &TaskError) -> Value {
    let mut map = match result {
        Some(Value::Object(map)) => map.clone(),
        Some(other) if !other.is_null() => [("data".to_owned(), other.clone())].into_iter().collect(),
        _ => serde_json::Map::new(),
    };
    map.insert("status".to_owned(), json!("error"));
    map.entry("error").or_insert_with(|| json!({ "code": error.code, "message": error.message }));
    Value::Object(map)
}
