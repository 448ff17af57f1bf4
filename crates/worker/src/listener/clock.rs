//! The client's clock.

use protocol::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// By this machine's clock, which need not be the server's.
pub(super) fn now() -> Timestamp {
    let ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    Timestamp(i64::try_from(ms).unwrap_or(i64::MAX))
}
