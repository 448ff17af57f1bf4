//! A client's side of the socket: topics, commands, messages.
//!
//! [`Client`] is the handle, [`Subscription`] what it is told, `connection` one connection, `positions` what is kept
//! between connections (docs/protocol.md, "What a client keeps").

mod builder;
mod clock;
mod connection;
mod debug;
mod error;
mod handle;
mod incoming;
mod positions;
mod produce;
mod proof;
mod requests;
mod resuming;
mod stay;
mod told;

pub use builder::{Builder, Resume};
pub use error::ClientError;
pub use handle::{Client, Published};
pub use produce::{Streaming, Workflow};
pub use told::{Subscription, Told};
