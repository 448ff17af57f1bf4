//! The store on SQLite: one file, or a database in memory.
//!
//! Writing: the [`log`] makes each group one transaction of two [`script`]s, deciding in between ([`plan`]) which
//! commits go through.

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
