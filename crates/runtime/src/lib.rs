//! The runtime: every use case ([`Api`]) and what keeps executions moving.
//!
//! Absences: no HTTP, no SQL, no screens. Decisions are the engine's; this crate loads, commits, publishes.

mod api;
mod log;
mod start;

pub use api::Api;
pub use log::StoreLog;
pub use start::{Parts, Runtime};
