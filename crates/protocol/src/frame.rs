//! The frames of `/api/ws`: one JSON object per message.
//!
//! Documented for other languages in docs/protocol.md.

use crate::{ClientId, Envelope, Epoch, Position, Topic};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a client sends. Unknown `type`s and missing fields are answered with an `error` frame.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Idempotent; several topics at once; answered with `subscribed`.
    Subscribe {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Value>,
        topics: Vec<TopicRequest>,
    },
    Unsubscribe {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Value>,
        topics: Vec<TopicRequest>,
    },
    /// Calls an API method; answered with `reply` or `error` of the same id.
    Command {
        id: Value,
        method: String,
        #[serde(default)]
        params: Value,
    },
    Ping {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Value>,
    },
}

/// A topic, or a topic with the place to resume from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum TopicRequest {
    Name(String),
    From {
        topic: String,
        /// Everything after this position is sent. Absent: live only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Position>,
        /// The epoch `after` belongs to; another than the server's yields `gap`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epoch: Option<Epoch>,
    },
}

impl TopicRequest {
    pub fn name(&self) -> &str {
        match self {
            TopicRequest::Name(topic) | TopicRequest::From { topic, .. } => topic,
        }
    }
}

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
        topics: Vec<Topic>,
        event: Envelope,
    },
    /// Events of `topic` in (`from`, `to`] cannot be had: the client must fetch anew, then goes on live.
    Gap {
        topic: Topic,
        from: Position,
        to: Position,
        reason: GapReason,
    },
    Reply {
        id: Value,
        result: Value,
    },
    Error {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Value>,
        code: String,
        message: String,
        temporary: bool,
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

/// What one connection may do; told in `hello`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Largest message a client may send, bytes.
    pub frame_bytes: u32,
    /// Topics at once.
    pub topics: u32,
    /// Bytes the server holds for a slow client before it serves it from the log instead.
    pub queue_bytes: u32,
    /// A connection without any traffic from the client for this long is closed.
    pub idle_timeout_ms: u32,
}

/// Close codes beyond RFC 6455's own. 4000–4099: come back; 4400–4499: do not.
pub mod close {
    /// The server is draining.
    pub const DRAINING: u16 = 4000;
    /// Nothing was heard from the client for too long.
    pub const IDLE: u16 = 4001;
    /// Repeated invalid frames.
    pub const INVALID: u16 = 4400;
    /// The client is not allowed here.
    pub const FORBIDDEN: u16 = 4403;
    /// Too many frames in too short a time.
    pub const FLOODING: u16 = 4429;
}
