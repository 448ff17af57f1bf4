//! How long to wait before the next try to connect.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

const FIRST: Duration = Duration::from_millis(100);
const LAST: Duration = Duration::from_secs(10);
/// Without any pause a server that is away would be all this does.
const SHORTEST: Duration = Duration::from_millis(1);

/// Twice as long each time, and never the same for two workers.
#[derive(Debug)]
pub(crate) struct Backoff {
    first: Duration,
    last: Duration,
    next: Duration,
}

impl Backoff {
    pub(crate) fn new() -> Self {
        Self::between(FIRST, LAST)
    }

    /// The first pause is up to `first` long, none is longer than `last`.
    pub(crate) fn between(first: Duration, last: Duration) -> Self {
        let last = last.max(SHORTEST);
        let first = first.clamp(SHORTEST, last);
        Self { first, last, next: first }
    }

    /// It worked: the next pause is short again.
    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }

    pub(crate) fn pause(&mut self) -> Duration {
        let pause = jittered(self.next);
        self.next = (self.next * 2).min(self.last);
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
        let mut own = Backoff::between(Duration::from_secs(1), Duration::from_secs(3));
        for full in [1_000, 2_000, 3_000, 3_000] {
            let (pause, full) = (own.pause(), Duration::from_millis(full));
            assert!(pause >= full / 2 && pause <= full, "{pause:?} of {full:?}");
        }
        assert!(Backoff::between(Duration::ZERO, Duration::ZERO).pause() > Duration::ZERO);
        assert!(Backoff::between(LAST, FIRST).pause() <= FIRST);
        let different: std::collections::HashSet<_> = (0..20).map(|_| jittered(LAST)).collect();
        assert!(different.len() > 1);
    }
}
