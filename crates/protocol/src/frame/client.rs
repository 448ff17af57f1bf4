//! What a client sends.

use crate::{Epoch, Position};
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
    /// Publishes one of S1's messages; answered with `published` or `error`. Those of one client in their order.
    Publish {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Value>,
        /// The message, its `type` among its fields.
        message: Value,
    },
    /// Proves who this is: the first frame of a connection that came without proof, later a fresh proof of the same
    /// one. Answered with `authenticated`, or with `error` and the end.
    Authenticate {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Value>,
        token: String,
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
