//! `/api/ws`: the hub's sessions over WebSockets, as RFC 6455 and RFC 7692 describe them.
//!
//! Absences: no frame of the protocol is built or understood here, no topic, no limit of its own but those of the
//! socket.

mod clock;
mod ending;
mod extensions;
mod handshake;
mod pipe;
mod rfc6455;
mod socket;
mod tcp;
mod transport;
mod upgrade;

pub(crate) use clock::Clock;
pub use upgrade::upgrade;
