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

mod access;
mod admission;
mod approvals;
mod backup;
mod blobs;
mod credentials;
mod data_dir;
mod definitions;
mod feed;
mod history;
mod lineage;
mod metrics;
mod open;
mod queue;
mod rebuild;
mod retention;
mod schedules;
mod servers;
mod sql;
mod state;
mod streams;
mod submissions;
mod traits;

pub use access::{NewSession, NewToken, NewUser, Token, TokenAdded, User};
pub use approvals::{ApprovalFilter, WaitingApproval};
pub use backup::{Backup, back_up};
pub use blobs::StoredBlob;
pub use commit::{Commit, Committed, CommittedBatch, ExecutionChange, NewEvent, TaskChange};
pub use credentials::{CredentialRow, SealedCredential};
pub use data_dir::DataDir;
pub use error::StoreError;
pub use lineage::{Child, Lineage, Parent};
pub use metrics::{MetricKey, MetricName, MetricRow};
pub use open::open;
pub use query::{ActiveExecution, ExecutionFilter, LogPage, NewPlaybook, PlaybookRow, StoredTask};
pub use queue::{QueueFilter, QueuedExecution};
pub use rebuild::Rebuilt;
pub use retention::Pruned;
pub use schedules::{Advance, NewSchedule, Schedule, ScheduleSource};
pub use servers::Server;
pub use sql::database::Database;
pub use traits::{Pause, Store};
