//! What the hub needs from outside.

use async_trait::async_trait;
use protocol::{Envelope, Epoch, Identity, Position, Problem, Topic};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// The log as the hub reads it, for catch-up.
#[async_trait]
pub trait Log: Send + Sync + 'static {
    fn epoch(&self) -> Epoch;

    /// The newest durable position.
    async fn head(&self) -> Result<Position, LogUnavailable>;

    /// Everything of a topic after a position, oldest first, at most `limit` events.
    async fn page(&self, topic: &Topic, after: Position, limit: u32) -> Result<Page, LogUnavailable>;
}

/// A page of a topic's history, complete up to `through`.
#[derive(Clone, Debug)]
pub struct Page {
    pub events: Vec<Envelope>,
    pub through: Position,
    /// Nothing followed when it was read. A page may be short, even empty, without being the last: the log
    /// bounds the bytes and the work of one page.
    pub at_head: bool,
    /// Events of the topic up to here may have been removed; 0 where none were.
    pub complete_after: Position,
}

#[derive(Debug, Clone, thiserror::Error)]
#[error("the log could not be read: {0}")]
pub struct LogUnavailable(pub String);

/// Tells who somebody is by the token they send.
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// # Errors
    /// A problem, temporary when it cannot be told now; else the token is nobody's.
    async fn authenticate(&self, token: &str) -> Result<Identity, Problem>;
}

/// The API as the socket's `command` and `publish` frames call it.
#[async_trait]
pub trait Commands: Send + Sync + 'static {
    /// What `who` asks for.
    ///
    /// # Errors
    /// A problem, `not_found` for an unknown method, `forbidden` when it is not theirs to ask.
    async fn call(&self, who: &Arc<Identity>, method: &str, params: Value) -> Result<Value, Problem>;

    /// What another node asks of this one; `None`: it has no answer. Nobody else can ask like this.
    async fn ask(&self, _method: &str) -> Option<Value> {
        None
    }

    /// Publishes messages for `who`, in this order, each for itself: at which position each is durable, if it is kept.
    /// One answer for each.
    async fn publish(&self, who: &Arc<Identity>, messages: Vec<Value>) -> Vec<Result<Option<Position>, Problem>>;
}

/// Between hub nodes on one log: what is not in the log, and where the log is. Messages may be lost; what matters is in
/// the log. Without one, a hub is alone, or hears of others from the log only.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Says something to the others. Never waits: what cannot be taken is dropped and counted.
    fn publish(&self, message: BusMessage);

    /// What another said; `None` when nothing more will come. For one caller.
    async fn next(&self) -> Option<BusMessage>;

    fn state(&self) -> BusState;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "most of them are events")]
pub enum BusMessage {
    /// An event without a position, for who looks at another node.
    Event { event: Envelope },
    /// The log has events up to here.
    Committed { position: Position },
    /// Every other node that can is to answer.
    Ask { id: String, method: String },
    /// To whoever asked.
    Answer { id: String, result: Value },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BusState {
    pub is_connected: bool,
    /// Messages that did not get through, here.
    pub dropped: u64,
}
