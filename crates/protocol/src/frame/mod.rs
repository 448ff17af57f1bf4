//! The frames of `/api/ws`: one JSON object per message, or per line ([`batch`]).
//!
//! Documented for other languages in docs/protocol.md.

pub mod batch;
mod client;
pub mod close;
mod limits;
mod portions;
mod server;
pub mod worker;

pub use client::{ClientFrame, TopicRequest};
pub use limits::Limits;
pub use portions::portions;
pub use server::{GapReason, ServerFrame, Subscribed, known};
pub use worker::{FromWorker, ToWorker};
