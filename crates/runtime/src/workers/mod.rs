//! Worker processes connected to this server: who they are, what they run, and what they are told.
//!
//! To the driver a connected worker is an [`Executor`](crate::driver::Executor) for each group of its protocols; to
//! the hub it is a [`hub::JoinedWorker`]. A lease lasts as long as its worker is heard of. When it ends, whoever
//! waits for the task hears that it is lost and the engine hands it out again as the next attempt; what the worker
//! says of the attempt before is recorded as late.
//!
//! Absences: nothing here decides what a report means, and nothing here writes. A worker is sent no more tasks than
//! it has places, so nothing that waits for it is unbounded.

mod connected;
mod outgoing;
mod progress;
mod registry;
mod remote;
#[cfg(test)]
mod tests;

pub(crate) use registry::{Door, Registry};

use std::time::Duration;

/// A worker unheard of for so long is gone. Long enough for a stop of the whole machine for some seconds, a snapshot
/// for instance; a process that ends is noticed at once, by its connection.
const LEASE: Duration = Duration::from_secs(15);
/// How often a worker says that it lives.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How long a worker may take to stop a task before its place is given to another. Providers stop within seconds.
const STOP_GRACE: Duration = Duration::from_secs(5);
