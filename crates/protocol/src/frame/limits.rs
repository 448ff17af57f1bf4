//! What one connection may do.

use serde::{Deserialize, Serialize};

/// What one connection may do; told in `hello`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Largest message a client may send, bytes.
    pub frame_bytes: u32,
    /// Topics at once.
    pub topics: u32,
    /// Bytes the server holds for a slow client before it serves it from the log instead.
    pub queue_bytes: u32,
    /// A connection without any traffic from the client for this long is closed.
    pub idle_timeout_ms: u32,
}
