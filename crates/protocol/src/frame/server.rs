//! What the server sends.

use super::Limits;
use crate::{ClientId, Envelope, Epoch, Position, Role, Timestamp, Topic, event::PerformanceMetric};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::borrow::Cow;

/// What the server sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "frames are built to be sent, and most of them are events")]
pub enum ServerFrame {
    /// The first frame of every connection.
    Hello {
        epoch: Epoch,
        client: ClientId,
        limits: Limits,
    },
    Subscribed {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Value>,
        topics: Vec<Subscribed>,
    },
    Unsubscribed {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Value>,
        topics: Vec<Topic>,
    },
    /// Byte-identical for every subscriber: `topics` are all topics of the event.
    Event {
        #[serde(deserialize_with = "known")]
        topics: Vec<Topic>,
        event: Envelope,
    },
    /// Measurements of one room, collected: S1's `performance_metric` messages.
    PerformanceMetrics {
        #[serde(deserialize_with = "known")]
        topics: Vec<Topic>,
        metrics: Vec<PerformanceMetric>,
    },
    /// Events of `topic` in (`from`, `to`] cannot be had: the client must fetch anew, then goes on live.
    Gap {
        topic: Topic,
        from: Position,
        to: Position,
        reason: GapReason,
    },
    /// All that was asked for in every `subscribed` before is said up to here: what comes now is live.
    CaughtUp {
        position: Position,
    },
    Reply {
        id: Value,
        result: Value,
    },
    /// A message is out: durable at `position`, or shown to who looks, without one.
    Published {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Value>,
        position: Option<Position>,
    },
    Error {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Value>,
        code: String,
        message: String,
        temporary: bool,
    },
    /// Who this is from now on. Topics that are not theirs to see any more follow in `unsubscribed`.
    Authenticated {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Value>,
        name: String,
        role: Role,
        /// When the connection ends, unless a fresh proof comes before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<Timestamp>,
    },
    Pong {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Value>,
    },
    /// The server is going away: come back after the given time, not all at once.
    Draining {
        reconnect_after_ms: u64,
    },
}

/// The topics that are known here. A newer server names others beside them, and what it says is no less true for it.
///
/// # Errors
/// When it is no list of names.
pub fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Topic>, D::Error> {
    let names = Vec::<Cow<'de, str>>::deserialize(deserializer)?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

/// One topic of a `subscribed` answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscribed {
    pub topic: Topic,
    /// Events up to here follow from the log (if `recovered`), later ones live.
    pub position: Position,
    /// Resume is exact: everything after `after` follows.
    pub recovered: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// The position belongs to another store.
    Epoch,
    /// The log does not reach back that far.
    Retention,
    /// The log could not be read.
    Unavailable,
}
