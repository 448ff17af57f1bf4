//! A worker's side of the socket.
//!
//! [`Worker`] is what it is made of, `desk` what it has and what it has to say, `connection` one connection, `work`
//! one task. Connections come and go; the desk stays, and says again what no server has acknowledged.

mod connection;
mod desk;
mod error;
mod incoming;
mod notes;
mod work;
mod worker;

pub use error::WorkerError;
pub use worker::Worker;
