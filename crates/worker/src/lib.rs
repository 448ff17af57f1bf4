//! The Rust SDK for providers: programs that do a step's work.
//!
//! Absences: this crate knows no engine and no store; a provider sees tasks and answers with a run.

mod provider;

pub use provider::{Cancelled, Provider, Run};
