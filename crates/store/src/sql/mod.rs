//! What the SQL backends have in common: everything but how a group of commits is written.
//!
//! Writing: callers encode their commit ([`encode`]) and queue it; the one [`writer`] task hands everything that
//! waits to its backend as one group. Reading ([`read`]) is by other connections and never waits for the writer.
//!
//! One text of a [`statement`] serves every backend: parameters are `$1`, columns TEXT, BIGINT and DOUBLE PRECISION,
//! a list of strings is a JSON array read with `json_each` (SQLite's own; a migration gives it to PostgreSQL),
//! sums are cast to BIGINT, subqueries in FROM have a name, `CROSS JOIN … WHERE` keeps SQLite's order of a join and
//! `CAST(column AS TEXT)` keeps it off the column's index.

pub(crate) mod backend;
pub(crate) mod beside;
pub(crate) mod connection;
pub(crate) mod database;
pub(crate) mod encode;
pub(crate) mod linger;
pub(crate) mod migrations;
pub(crate) mod payload;
pub(crate) mod read;
pub(crate) mod readers;
pub(crate) mod recent;
pub(crate) mod request;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod statement;
pub(crate) mod store;
pub(crate) mod writer;
