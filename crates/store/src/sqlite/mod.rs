//! The store on SQLite: one file, or a database in memory.
//!
//! Writing: the [`log`] makes each [`group`] one transaction, on a thread of its own; which commits go through is
//! decided by the [`plan`].

mod connect;
mod failure;
mod group;
mod hands;
mod log;
mod open;
mod plan;
mod rows;
mod schema;

pub use open::SqliteStore;

pub(crate) use failure::store_error;
pub(crate) use open::readers;
pub(crate) use schema::SQLITE;
