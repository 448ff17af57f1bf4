//! The tap: whatever passes under a topic.

use super::summary;
use crate::{Envelope, EventId, ExecutionId, Position, Timestamp};
use serde::{Deserialize, Serialize};

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
