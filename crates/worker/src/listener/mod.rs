//! A client's side of the socket: topics, commands, messages.
//!
//! [`Client`] is the handle, [`Subscription`] what it is told, [`Handlers`] functions for that; `connection` one
//! connection, `positions` what is kept between connections (docs/protocol.md, "What a client keeps").

mod broadcast;
mod builder;
mod clock;
mod connection;
mod debug;
mod error;
mod handle;
mod handlers;
mod identity;
mod incoming;
mod positions;
mod proof;
mod requests;
mod resuming;
mod state;
mod stay;
mod streaming;
mod subscribing;
mod told;
mod workflow;

pub use builder::{Builder, Resume};
pub use error::ClientError;
pub use handle::{Client, Published};
pub use handlers::Handlers;
pub use identity::Authenticated;
pub use state::State;
pub use streaming::{Streaming, process_metrics};
pub use told::{Subscription, Told};
pub use workflow::Workflow;
