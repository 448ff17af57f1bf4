//! What a client is told.

use protocol::{
    Envelope, Role, Timestamp, Topic,
    event::PerformanceMetric,
    frame::{GapReason, Limits},
};
use std::time::Duration;
use tokio::sync::mpsc;

/// What a client is told, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// Connected, for the first time or again.
    Connected { epoch: protocol::Epoch, limits: Limits },
    /// The server knows whose token it was, and until when it holds; told again when it was renewed.
    Authenticated { name: String, role: Role, expires_at: Option<Timestamp> },
    /// The connection is gone; tried again after `retry`, or never.
    Disconnected { code: Option<u16>, why: String, retry: Option<Duration> },
    /// One event, once, in order of position within each topic. `topics`: those subscribed to that it is news of.
    Event { event: Box<Envelope>, topics: Vec<Topic> },
    /// Metrics come in batches, and are never stored.
    Metrics { metrics: Vec<PerformanceMetric>, topics: Vec<Topic> },
    /// Events of the topic after `from` up to `to` will not come: fetch the state anew.
    Gap { topic: Topic, from: protocol::Position, to: protocol::Position, reason: GapReason },
    /// The server says that something was wrong which nobody waits for.
    Error { code: String, message: String, temporary: bool },
}

/// What a client is told. When it is not read, no more is read from the server, which then serves this client from the
/// log when it comes to it.
#[derive(Debug)]
pub struct Subscription(pub(super) mpsc::Receiver<Told>);

impl Subscription {
    /// The next; `None` when the client is closed for good.
    pub async fn next(&mut self) -> Option<Told> {
        self.0.recv().await
    }
}
