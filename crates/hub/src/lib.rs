//! The hub: bus, topics, sessions and catch-up.
//!
//! Absences: this crate knows no store (it reads the log through [`Log`]), no HTTP and no socket type of its
//! own; the session is a state machine without I/O or clock.

mod ports;

pub use ports::{Commands, Log, LogUnavailable, Page};

/// Placeholder of the hub itself.
pub struct Hub {}
