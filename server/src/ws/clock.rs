//! The time of one connection.

use protocol::Timestamp;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Wall-clock time that does not jump: set once, then monotonic. A corrected system clock must not make a
/// thousand clients look idle at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    started_at: Timestamp,
    since: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        Self { started_at: Timestamp(i64::try_from(ms).unwrap_or(i64::MAX)), since: Instant::now() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.started_at.plus_ms(u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}
