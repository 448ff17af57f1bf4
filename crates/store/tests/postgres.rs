//! The conformance suite on PostgreSQL, each case in a schema of its own.

use store::conformance::postgres::Postgres;

store::suite!(Postgres::default());
