//! Figures for Prometheus: `GET /metrics`.
//!
//! What happens is counted where it happens (requests here, the rest in `runtime`, `hub` and `guard`); this folder
//! only collects and writes.

mod exposition;
mod process;
mod requests;

pub(crate) use exposition::{CONTENT_TYPE, write};
pub(crate) use requests::{Requests, observe};
