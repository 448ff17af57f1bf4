//! How long to wait before the next try to connect.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

const FIRST: Duration = Duration::from_millis(100);
const LAST: Duration = Duration::from_secs(10);

/// Twice as long each time, and never the same for two workers.
#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
}

impl Backoff {
    pub(crate) fn new() -> Self {
        Self { next: FIRST }
    }

    /// It worked: the next pause is short again.
    pub(crate) fn reset(&mut self) {
        self.next = FIRST;
    }

    pub(crate) fn pause(&mut self) -> Duration {
        let pause = jittered(self.next);
        self.next = (self.next * 2).min(LAST);
        pause
    }
}

/// Half to all of it.
pub(crate) fn jittered(duration: Duration) -> Duration {
    // Each `RandomState` has keys of its own: that is all the randomness this needs.
    let random = RandomState::new().build_hasher().finish() % 1_000;
    duration.mul_f64(0.5 + 0.5 * random as f64 / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_differ() {
        let mut backoff = Backoff::new();
        for full in [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000] {
            let pause = backoff.pause();
            let full = Duration::from_millis(full);
            assert!(pause >= full / 2 && pause <= full, "{pause:?} of {full:?}");
        }
        backoff.reset();
        assert!(backoff.pause() <= FIRST);
        let different: std::collections::HashSet<_> = (0..20).map(|_| jittered(LAST)).collect();
        assert!(different.len() > 1);
    }
}
