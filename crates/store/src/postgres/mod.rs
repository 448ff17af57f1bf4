//! The store on PostgreSQL, alone or shared by several processes.
//!
//! Writing: the [`log`] makes each group one [`statement`], in which the database decides which commits go through.
//! Several processes take turns by a lock that the statement takes first, so positions have no gaps and become
//! visible in their order. [`listen`] tells what the others wrote.

mod beside;
mod columns;
mod connect;
mod failure;
mod listen;
mod lock;
mod log;
mod open;
mod plan;
mod schema;
mod statement;
mod unsettled;

pub use open::PostgresStore;

pub(crate) use beside::beside;
pub(crate) use connect::Patience;
pub(crate) use failure::store_error;
pub(crate) use listen::Listening;
pub(crate) use lock::key as log_key;
pub(crate) use open::readers;
pub(crate) use schema::POSTGRES;
