//! `GET /api/ws`.

use super::socket;
use axum::{
    Extension,
    extract::{
        State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use hub::{Hub, Kind};
use protocol::{Identity, frame::worker::SUBPROTOCOL};
use std::sync::Arc;

/// Bytes read from the socket at once, and held by every idle connection. Client frames are small; a larger one
/// gets the room it needs while it is read.
const READ_BUFFER_BYTES: usize = 1 << 10;

/// The same of a worker, which reports results in batches.
const WORKER_READ_BUFFER_BYTES: usize = 64 << 10;

/// Bytes after which tungstenite writes instead of collecting.
const WRITE_BUFFER_BYTES: usize = 8 << 10;

/// Bytes tungstenite may collect. Not reached by collecting, since it is flushed at the size above; it bounds
/// the largest single frame, and is larger than any event the log takes.
const MAX_WRITE_BUFFER_BYTES: usize = 64 << 20;

/// Upgrades to a WebSocket and serves it. Host and Origin are checked by the router's guard before this.
///
/// 400 or 426 when the request is no WebSocket handshake, 503 while the server is going away.
pub async fn upgrade(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Arc<Identity>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if hub.is_draining() {
        let retry = [(header::RETRY_AFTER, "2")];
        return (StatusCode::SERVICE_UNAVAILABLE, retry, "the server is going away: come back").into_response();
    }
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade.protocols([SUBPROTOCOL]),
        Err(rejection) => return rejection.into_response(),
    };
    let kind = Kind::of(upgrade.selected_protocol().and_then(|protocol| protocol.to_str().ok()));
    let frame_bytes = hub.limits(kind).frame_bytes as usize;
    upgrade
        .read_buffer_size(match kind {
            Kind::Client => READ_BUFFER_BYTES,
            Kind::Worker => WORKER_READ_BUFFER_BYTES,
        })
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(MAX_WRITE_BUFFER_BYTES)
        .max_message_size(frame_bytes)
        .max_frame_size(frame_bytes)
        .on_upgrade(move |socket| socket::serve(socket, kind, who, hub))
}
