//! `/socket.io`: the hub's sessions for Socket.IO clients, over long polling and WebSocket.
//!
//! Each connection is a session of the hub like those of `/api/ws`: an emit becomes a frame of docs/protocol.md, an
//! answer becomes the emit's acknowledgement, an event is emitted under its type. docs/clients.md has the mapping.
//!
//! Absences: no topic, no limit and no position is known here, and nothing is queued: packets are pulled from the
//! hub's outbox no faster than the client takes them ([`line`]), so a slow client is served from the log as any other.

mod answer;
mod connection;
mod emit;
mod engine;
mod inbox;
mod line;
mod packet;
mod told;

pub(crate) use engine::admit;
pub(crate) use engine::is_ours;
pub(crate) use engine::layer;
