//! The store on SQLite: one file, or a database in memory.
//!
//! Writing: callers encode their commit ([`encode`]) and queue it; the [`writer`] makes everything that waits one
//! transaction of two [`script`]s, deciding in between ([`plan`]) which commits go through. Reading ([`read`]) is
//! by other connections and never waits for the writer.

mod connect;
mod encode;
mod failure;
mod linger;
mod plan;
mod read;
mod readers;
mod recent;
mod request;
mod rows;
mod schema;
mod script;
mod store;
mod writer;

pub use store::SqliteStore;
