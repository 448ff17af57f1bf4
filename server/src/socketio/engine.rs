//! Engine.IO, and who is let as far as that.

use super::{
    connection,
    inbox::{Inbox, Said},
    line,
};
use crate::rest::Refusal;
use axum::{
    body::Bytes,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use engineioxide::{
    DisconnectReason, Socket, Str, config::EngineIoConfig, handler::EngineIoHandler, layer::EngineIoLayer,
};
use hub::{Hub, Kind};
use protocol::Problem;
use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

const PATH: &str = "/socket.io";

/// A client that is silent is asked after this long, and closed when it does not answer for `PING_TIMEOUT`.
const PING_INTERVAL: Duration = Duration::from_secs(25);
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// Largest body of a polling client, many messages together; also of an answer, but for one larger packet.
const PAYLOAD_BYTES: u64 = 256 << 10;

/// Whether a path is Socket.IO's: Origin is checked on every request there, since polling opens with a plain read.
pub(crate) fn is_ours(path: &str) -> bool {
    path.strip_prefix(PATH).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers what is under `/socket.io`.
pub(crate) fn layer(hub: Arc<Hub>) -> EngineIoLayer<Engine> {
    let frame_bytes = hub.limits(Kind::Client).frame_bytes as usize;
    let config = EngineIoConfig::builder()
        .req_path(PATH)
        .ping_interval(PING_INTERVAL)
        .ping_timeout(PING_TIMEOUT)
        .max_buffer_size(line::CHANNEL)
        .max_payload(PAYLOAD_BYTES)
        .ws_max_message_size(frame_bytes)
        .ws_max_frame_size(frame_bytes)
        .build();
    EngineIoLayer::from_config(Arc::new(Engine { hub }), config)
}

/// While the server goes away nobody new is let in: client libraries try again by themselves.
pub(crate) async fn admit(State(hub): State<Arc<Hub>>, request: Request, next: Next) -> Response {
    let is_new = !request.uri().query().unwrap_or_default().split('&').any(|pair| pair.starts_with("sid="));
    if is_ours(request.uri().path()) && is_new && hub.is_draining() {
        let detail = "the server is going away: come back";
        return Refusal(Problem::new(503, "unavailable", "Going away", detail).temporary()).into_response();
    }
    next.run(request).await
}

#[derive(Clone)]
pub(crate) struct Engine {
    hub: Arc<Hub>,
}

/// What Engine.IO keeps for us with each of its sockets.
#[derive(Debug, Default)]
pub(crate) struct Seat(OnceLock<Inbox>);

impl Seat {
    pub(super) fn inbox(&self) -> &Inbox {
        self.0.get_or_init(|| Inbox::new().0)
    }
}

impl EngineIoHandler for Engine {
    type Data = Seat;

    fn on_connect(self: Arc<Self>, socket: Arc<Socket<Seat>>) {
        // Its request holds a place among the connections, for as long as the socket is there.
        let (inbox, said) = Inbox::new();
        if socket.data.0.set(inbox).is_ok() {
            tokio::spawn(connection::serve(socket, said, self.hub.clone()));
        }
    }

    fn on_disconnect(&self, socket: Arc<Socket<Seat>>, reason: DisconnectReason) {
        tracing::debug!(sid = %socket.id, ?reason, "a Socket.IO client is gone");
        socket.data.inbox().gone.cancel();
    }

    fn on_message(self: &Arc<Self>, message: Str, socket: Arc<Socket<Seat>>) {
        socket.data.inbox().put(Said::Text(message));
    }

    fn on_binary(self: &Arc<Self>, _: Bytes, socket: Arc<Socket<Seat>>) {
        socket.data.inbox().put(Said::Binary);
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_paths_are_socket_io() {
        for (path, expect) in
            [("/socket.io", true), ("/socket.io/", true), ("/socket.io/x", true), ("/socket.iox", false), ("/", false)]
        {
            assert_eq!(is_ours(path), expect, "{path}");
        }
    }
}
