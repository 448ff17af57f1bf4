//! The store: the event log and what is projected from it, durably.
//!
//! One write path with group commit; every backend keeps the promises of [`Store`] and is held to them by the
//! one suite in `conformance/`.
//!
//! Absences: this crate decides nothing about executions, publishes nothing and asks no clock.

pub mod commit;
pub mod error;
pub mod query;
mod traits;

pub use commit::{Commit, Committed, CommittedBatch, ExecutionChange, NewEvent, TaskChange};
pub use error::StoreError;
pub use query::{ActiveExecution, ExecutionFilter, LogPage, NewPlaybook, PlaybookRow, StoredTask};
pub use traits::Store;
