//! What can be set about the hub.

use crate::Kind;
use protocol::frame::Limits;

/// The limits of one connection, told in `hello`, and how long things may wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubConfig {
    pub limits: Limits,
    /// `limits.frame_bytes` of workers: their reports carry results, and an event takes up to 16 MiB. Theirs once they
    /// are known, and may take tasks.
    pub worker_frame_bytes: u32,
    /// The oldest live event waits this long in a connection's queue before the queue is dropped and the client
    /// served from the log.
    pub queue_age_ms: u64,
    pub metrics: MetricBuffers,
    /// Over how long `drain` spreads the closing of connections.
    pub drain_window_ms: u64,
}

/// How measurements are collected before they are sent to a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricBuffers {
    /// Sent when there are so many,
    pub size: u32,
    /// or when the first has waited so long; 0: each at once.
    pub flush_interval_ms: u64,
}

impl HubConfig {
    /// What `hello` tells a connection of this kind.
    pub(crate) fn limits_of(&self, kind: Kind) -> Limits {
        match kind {
            Kind::Client => self.limits,
            Kind::Worker => Limits { frame_bytes: self.worker_frame_bytes, ..self.limits },
        }
    }
}

impl Default for MetricBuffers {
    fn default() -> Self {
        // S1's.
        Self { size: 50, flush_interval_ms: 1_000 }
    }
}

impl Default for HubConfig {
    fn default() -> Self {
        Self {
            limits: Limits { frame_bytes: 64 << 10, topics: 1_000, queue_bytes: 1 << 20, idle_timeout_ms: 90_000 },
            worker_frame_bytes: 20 << 20,
            queue_age_ms: 15_000,
            metrics: MetricBuffers::default(),
            drain_window_ms: 2_000,
        }
    }
}
