//! The server: one process that serves REST, pages, assets and the WebSocket, and the command line around it.
//!
//! [`serve`] is all of it on a listener, until told to stop. What it is made of is put together in `wiring`;
//! which URL goes where is in `router` and `rest/routes.rs`; what stands before every route is in `guard`.
//!
//! Absences: no use case is decided here (that is `runtime`), no SQL, and no handler knows another handler.

// A problem is large and rare: boxing it would make every handler's signature say so.
#![allow(clippy::result_large_err)]

pub mod assets;
pub mod cli;
pub mod config;
mod connections;
mod drain;
mod guard;
mod logging;
mod rest;
mod router;
mod samples;
mod serve;
mod socketio;
mod ssr;
mod state;
mod telemetry;
mod wiring;
pub mod ws;

pub use config::Config;
pub use drain::Drain;
pub use guard::Refusals;
pub use serve::ServeError;
pub use serve::Server;
pub use serve::serve;
pub use state::AppState;
pub use wiring::Wiring;
