//! What the hub's task is asked.

use crate::connection::Shared;
use protocol::{ClientId, Position, Topic, api::WebsocketStatus, frame::GapReason};
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::oneshot;

pub(crate) enum Input {
    Enter(Arc<Shared>),
    Subscribe {
        client: ClientId,
        id: Option<Value>,
        topics: Vec<(Topic, Start)>,
    },
    Unsubscribe {
        client: ClientId,
        id: Option<Value>,
        topics: Vec<Topic>,
    },
    /// The client's catch-up has come as far as the log had: join it to the live stream.
    Join(ClientId),
    Leave(ClientId),
    /// Say how it is.
    Status(oneshot::Sender<WebsocketStatus>),
    /// Announce draining to everybody, and say who that is.
    Drain(oneshot::Sender<Vec<Arc<Shared>>>),
}

/// Where a subscription starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    Live,
    After(Position),
    /// The client's position means nothing here: say so and go on live.
    Gap {
        from: Position,
        reason: GapReason,
    },
}
