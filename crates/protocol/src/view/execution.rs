//! One execution: its steps, attempts, transitions and newest events.

use crate::{
    Envelope, Event, ExecutionId, Outcome, Phase, Position, StepStatus, TaskError, TaskPart, Timestamp,
    event::{Progress, Transition},
    status,
    task::Logs,
};
use serde::{Deserialize, Serialize};

use super::{
    event_row::EventRow,
    preview::{Preview, tail},
};

/// Events and attempts kept in the view; older ones are counted and fetched by page.
pub const NEWEST: usize = 200;

/// Everything the page of one execution shows, true at `position`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExecutionView {
    pub execution_id: ExecutionId,
    pub path: String,
    pub version: u32,
    pub phase: Phase,
    pub outcome: Option<Outcome>,
    pub input: Preview,
    pub result: Option<Preview>,
    pub error: Option<TaskError>,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub progress: Progress,
    /// Actionable steps that were started, in order of their first start.
    pub steps: Vec<StepView>,
    /// The last evaluation of each arc.
    pub transitions: Vec<Transition>,
    /// The newest attempts, in order of their start.
    pub attempts: Vec<AttemptView>,
    pub attempts_omitted: u64,
    /// The newest events in order.
    pub events: Vec<EventRow>,
    pub events_omitted: u64,
    pub position: Position,
}

/// The newest visit of one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepView {
    pub step: String,
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
}

/// One attempt at one visit's work: a row of the timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttemptView {
    pub step: String,
    pub visit: u32,
    pub attempt: u32,
    pub part: TaskPart,
    pub status: StepStatus,
    /// Since when the task could be taken; queue time ends at `started_at`.
    pub queued_at: Timestamp,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub worker: String,
    pub logs: Logs,
    pub error: Option<TaskError>,
}

impl ExecutionView {
    /// The view of an execution of which nothing is known yet.
    pub fn new(execution_id: ExecutionId) -> Self {
        Self {
            execution_id,
            path: String::new(),
            version: 0,
            phase: Phase::Initial,
            outcome: None,
            input: Preview::default(),
            result: None,
            error: None,
            created_at: Timestamp(0),
            ended_at: None,
            progress: Progress::default(),
            steps: Vec::new(),
            transitions: Vec::new(),
            attempts: Vec::new(),
            attempts_omitted: 0,
            events: Vec::new(),
            events_omitted: 0,
            position: Position(0),
        }
    }

    /// The screen's word for the whole.
    pub fn status(&self) -> StepStatus {
        status::of_execution(self.phase, self.outcome)
    }

    /// Applies one event of this execution; others and older ones than the view are ignored (false).
    pub fn apply(&mut self, envelope: &Envelope) -> bool {
        let Some(position) = envelope.position.filter(|position| *position > self.position) else { return false };
        if envelope.event.execution_id() != Some(self.execution_id) {
            return false;
        }
        self.position = position;
        self.fold(&envelope.event, envelope.time);
        self.events.extend(EventRow::of(envelope));
        if self.events.len() > NEWEST {
            let over = self.events.len() - NEWEST;
            self.events.drain(..over);
            self.events_omitted += over as u64;
        }
        true
    }

    fn fold(&mut self, event: &Event, now: Timestamp) {
        match event {
            Event::ExecutionStart(e) => {
                self.path.clone_from(&e.path);
                self.version = e.version;
                self.created_at = now;
                self.input = Preview::of(&e.input);
                self.progress = e.progress;
                self.evaluated(&e.arcs);
                self.phase = Phase::InProgress;
            }
            Event::StepStarted(e) => {
                self.phase = Phase::InProgress;
                self.progress = e.progress;
                let view = StepView {
                    step: e.step.clone(),
                    protocol: e.protocol.clone(),
                    status: StepStatus::Queued,
                    visit: e.visit,
                    attempt: 1,
                    input: Preview::of(&e.input),
                    result: None,
                    error: None,
                    started_at: now,
                    queued_at: now,
                    ended_at: None,
                };
                match self.steps.iter_mut().find(|step| step.step == e.step) {
                    Some(step) => *step = view,
                    None => self.steps.push(view),
                }
            }
            Event::ActionStarted(e) => {
                let queued_at = match self.step_mut(&e.step, e.visit) {
                    Some(step) => {
                        step.status = StepStatus::Running;
                        step.attempt = e.attempt;
                        // A retry's due time may lie ahead by the difference of two clocks.
                        step.queued_at.min(now)
                    }
                    None => now,
                };
                self.attempts.push(AttemptView {
                    step: e.step.clone(),
                    visit: e.visit,
                    attempt: e.attempt,
                    part: e.part,
                    status: StepStatus::Running,
                    queued_at,
                    started_at: now,
                    ended_at: None,
                    worker: e.worker.clone(),
                    logs: Logs::default(),
                    error: None,
                });
                if self.attempts.len() > NEWEST {
                    self.attempts.remove(0);
                    self.attempts_omitted += 1;
                }
            }
            Event::ActionCompleted(e) => {
                if let Some(attempt) = self.attempt_mut(&e.step, e.visit, e.attempt, e.part) {
                    attempt.status = StepStatus::Completed;
                    attempt.ended_at = Some(now);
                    attempt.logs = tail(&e.logs);
                }
                if let Some(step) = self.step_mut(&e.step, e.visit).filter(|_| e.part.is_action()) {
                    step.result = Some(Preview::of(&e.result));
                    step.queued_at = now;
                }
            }
            Event::ActionFailed(e) => {
                if let Some(attempt) = self.attempt_mut(&e.step, e.visit, e.attempt, e.part) {
                    attempt.status = StepStatus::Failed;
                    attempt.ended_at = Some(now);
                    attempt.logs = tail(&e.logs);
                    attempt.error = Some(e.error.clone());
                }
                if let Some(step) = self.step_mut(&e.step, e.visit) {
                    step.error = Some(e.error.clone());
                    step.result = e.result.as_deref().map(Preview::of);
                }
            }
            Event::RetryScheduled(e) => {
                if let Some(step) = self.step_mut(&e.step, e.visit) {
                    step.status = StepStatus::Waiting;
                    step.attempt = e.attempt;
                    step.queued_at = e.due;
                }
            }
            Event::StepCompleted(e) => {
                self.progress = e.progress;
                self.end_step(&e.step, e.visit, StepStatus::Completed, now);
                self.evaluated(&e.arcs);
            }
            Event::StepFailed(e) => {
                self.progress = e.progress;
                self.end_step(&e.step, e.visit, StepStatus::Failed, now);
                if let Some(step) = self.step_mut(&e.step, e.visit) {
                    step.error = Some(e.error.clone());
                }
                self.evaluated(&e.arcs);
            }
            Event::ExecutionCancelled(_) => {}
            Event::ExecutionComplete(e) => {
                self.phase = Phase::Completed;
                self.outcome = Some(e.outcome);
                self.progress = e.progress;
                self.result = Some(Preview::of(&e.result));
                self.error.clone_from(&e.error);
                self.ended_at = Some(now);
                for step in self.steps.iter_mut().filter(|step| !step.status.is_final()) {
                    step.status = StepStatus::Cancelled;
                    step.ended_at = Some(now);
                }
                for attempt in self.attempts.iter_mut().filter(|attempt| !attempt.status.is_final()) {
                    attempt.status = StepStatus::Cancelled;
                    attempt.ended_at = Some(now);
                }
            }
            _ => {}
        }
    }

    fn step_mut(&mut self, step: &str, visit: u32) -> Option<&mut StepView> {
        self.steps.iter_mut().find(|view| view.step == step && view.visit == visit)
    }

    fn attempt_mut(&mut self, step: &str, visit: u32, attempt: u32, part: TaskPart) -> Option<&mut AttemptView> {
        self.attempts
            .iter_mut()
            .rev()
            .find(|view| view.step == step && view.visit == visit && view.attempt == attempt && view.part == part)
    }

    fn end_step(&mut self, step: &str, visit: u32, status: StepStatus, now: Timestamp) {
        if let Some(view) = self.step_mut(step, visit) {
            view.status = status;
            view.ended_at = Some(now);
        }
    }

    fn evaluated(&mut self, arcs: &[Transition]) {
        for arc in arcs {
            let seen = Transition { data: None, ..arc.clone() };
            match self
                .transitions
                .iter_mut()
                .find(|known| known.from == arc.from && known.to == arc.to && known.when == arc.when)
            {
                Some(known) => *known = seen,
                None => self.transitions.push(seen),
            }
        }
    }
}
