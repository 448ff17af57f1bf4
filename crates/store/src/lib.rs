//! The store: the event log and what is projected from it, durably.
//!
//! One write path with group commit; every backend keeps the promises of [`Store`] and is held to them by the
//! one suite in `conformance/`.
//!
//! Absences: this crate decides nothing about executions, publishes nothing and asks no clock.

pub mod commit;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod error;
pub mod limits;
pub mod postgres;
pub mod query;
pub mod sqlite;

mod admission;
mod credentials;
mod data_dir;
mod feed;
mod history;
mod open;
mod schedules;
mod servers;
mod sql;
mod state;
mod traits;

pub use commit::{Commit, Committed, CommittedBatch, ExecutionChange, NewEvent, TaskChange};
pub use credentials::{CredentialRow, SealedCredential};
pub use data_dir::DataDir;
pub use error::StoreError;
pub use open::open;
pub use query::{ActiveExecution, ExecutionFilter, LogPage, NewPlaybook, PlaybookRow, StoredTask};
pub use schedules::{Advance, NewSchedule, Schedule, ScheduleSource};
pub use servers::Server;
pub use sql::database::Database;
pub use traits::Store;
