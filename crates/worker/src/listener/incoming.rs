//! What a client reads.

use protocol::{
    Envelope, Epoch, Position, Role, Timestamp, Topic,
    event::PerformanceMetric,
    frame::{GapReason, Limits, Subscribed, known},
};
use serde::Deserialize;
use serde_json::Value;

/// What the server sends. Answers are handed over as they are.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Incoming {
    Hello {
        epoch: Epoch,
        limits: Limits,
    },
    Authenticated {
        name: String,
        role: Role,
        #[serde(default)]
        expires_at: Option<Timestamp>,
    },
    Event {
        #[serde(deserialize_with = "known")]
        topics: Vec<Topic>,
        event: Box<Envelope>,
    },
    PerformanceMetrics {
        #[serde(deserialize_with = "known")]
        topics: Vec<Topic>,
        metrics: Vec<PerformanceMetric>,
    },
    Gap {
        topic: Topic,
        from: Position,
        to: Position,
        reason: GapReason,
    },
    Subscribed {
        topics: Vec<Subscribed>,
    },
    Unsubscribed {
        /// Absent: the server did it by itself.
        #[serde(default)]
        id: Option<Value>,
        #[serde(deserialize_with = "known")]
        topics: Vec<Topic>,
    },
    Error {
        code: String,
        message: String,
        temporary: bool,
    },
    Draining {
        reconnect_after_ms: u64,
    },
    #[serde(other)]
    Other,
}

/// The `id` of a frame; null when it has none.
pub(super) fn id(text: &str) -> Value {
    #[derive(Deserialize)]
    struct Id {
        #[serde(default)]
        id: Value,
    }
    serde_json::from_str(text).map(|Id { id }| id).unwrap_or_default()
}
