//! The tap: whatever passes under a topic, newest first.

use super::summary;
use crate::{Envelope, EventId, ExecutionId, Position, Timestamp, api::EventFilter};
use serde::{Deserialize, Serialize};

/// Rows kept; older ones are a page away.
const ROWS: usize = 500;
/// Rows that may wait to be shown; of more, the oldest are let go and counted.
const WAITING: usize = 500;

/// An event in the tap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TapRow {
    pub id: EventId,
    /// `None`: passed by without being kept.
    pub position: Option<Position>,
    pub time: Timestamp,
    #[serde(rename = "type")]
    pub kind: String,
    pub correlation_id: Option<String>,
    pub execution_id: Option<ExecutionId>,
    pub step: Option<String>,
    pub summary: String,
}

impl TapRow {
    pub fn of(envelope: &Envelope) -> Self {
        Self {
            id: envelope.id,
            position: envelope.position,
            time: envelope.time,
            kind: envelope.event.name().to_owned(),
            correlation_id: envelope.correlation_id.clone(),
            execution_id: envelope.event.execution_id(),
            step: envelope.event.step().map(str::to_owned),
            summary: summary(&envelope.event),
        }
    }
}

/// What passed, newest first, true at `position`. While it is paused, what comes waits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TapView {
    pub rows: Vec<TapRow>,
    /// Newest first.
    #[serde(default)]
    pub waiting: Vec<TapRow>,
    /// Came while more waited than may.
    #[serde(default)]
    pub let_go: u64,
    pub filter: EventFilter,
    pub position: Position,
}

impl TapView {
    /// Takes one event in, unless it is known already or the filter has nothing to do with it.
    pub fn apply(&mut self, envelope: &Envelope) {
        match envelope.position {
            Some(position) if position <= self.position => return,
            Some(position) => self.position = position,
            None => {}
        }
        if self.filter.matches(envelope) {
            self.waiting.insert(0, TapRow::of(envelope));
            if self.waiting.len() > WAITING {
                self.waiting.pop();
                self.let_go += 1;
            }
        }
    }

    /// Shows what waits. What was let go is a gap, which the rows show by their positions.
    pub fn take_in(&mut self) {
        self.rows.splice(0..0, self.waiting.drain(..));
        self.rows.truncate(ROWS);
        self.let_go = 0;
    }

    /// How many events wait, those let go included.
    pub fn new_count(&self) -> u64 {
        self.waiting.len() as u64 + self.let_go
    }
}
