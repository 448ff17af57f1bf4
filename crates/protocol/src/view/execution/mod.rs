//! One execution: its steps, attempts, transitions and newest events.

mod fold;
mod items;
mod step;

pub use items::{ItemView, ItemsView, NEWEST_ITEMS, item_label};
pub use step::{ApprovalView, AttemptView, StepView};

use crate::{
    Envelope, ExecutionId, Outcome, Phase, Position, StepStatus, TaskError, Timestamp,
    event::{Origin, Progress, Transition},
    status,
};
use serde::{Deserialize, Serialize};

use super::{event_row::EventRow, preview::Preview};

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
    /// Where it comes from: the task it is the child of, what it repeats, what triggered it.
    #[serde(default)]
    pub origin: Origin,
    /// While it waits to be let in.
    #[serde(default)]
    pub queued: Option<QueuedView>,
    /// While it is paused.
    #[serde(default)]
    pub paused: Option<PausedView>,
    /// Somebody wants it to end, and what cleans up runs.
    #[serde(default)]
    pub is_cancelling: bool,
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

/// Why an execution has not begun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueuedView {
    /// What it waits for: `concurrency` or `rate`.
    pub reason: String,
    /// Whose executions are limited together.
    pub key: Option<String>,
    pub since: Timestamp,
}

/// Why nothing new begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PausedView {
    pub reason: String,
    pub by: String,
    pub since: Timestamp,
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
            origin: Origin::default(),
            queued: None,
            paused: None,
            is_cancelling: false,
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
}
