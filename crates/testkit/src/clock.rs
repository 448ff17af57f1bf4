//! Time that moves only when a test says so.

use protocol::Timestamp;
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering::SeqCst},
};

/// A clock shared by its clones.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicI64>);

impl Default for ManualClock {
    /// Starts at 2023-11-14T22:13:20Z.
    fn default() -> Self {
        Self::at(Timestamp(1_700_000_000_000))
    }
}

impl ManualClock {
    pub fn at(start: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(start.0)))
    }

    pub fn now(&self) -> Timestamp {
        Timestamp(self.0.load(SeqCst))
    }

    /// Moves on and returns the new time.
    pub fn advance_ms(&self, ms: i64) -> Timestamp {
        Timestamp(self.0.fetch_add(ms, SeqCst) + ms)
    }

    /// Jumps, also back.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.0, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_the_time() {
        let clock = ManualClock::default();
        let same = clock.clone();
        assert_eq!(clock.advance_ms(5), same.now());
        same.set(Timestamp(1));
        assert_eq!(clock.now(), Timestamp(1));
    }
}
