//! `/api/ws`: the hub's sessions over axum's WebSocket.
//!
//! Absences: no frame is built or understood here, no topic, no limit of its own but those of the socket.

mod clock;
mod ending;
mod socket;
mod upgrade;

pub use upgrade::upgrade;
