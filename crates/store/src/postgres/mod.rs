//! The store on PostgreSQL.

mod failure;

pub(crate) use failure::store_error;
