//! How much of something a client may do: a bucket of tokens that fills with time.

use protocol::Timestamp;

/// Millionths of a token: what a thousandth per second gains in a millisecond, so nothing is lost to rounding.
const UNIT: u64 = 1_000_000;

/// A bucket of `burst` tokens that gains `milli_per_s` thousandths of a token each second.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    micro: u64,
    burst: u32,
    milli_per_s: u32,
    filled_at: Timestamp,
}

impl Budget {
    pub(crate) fn full(burst: u32, milli_per_s: u32, now: Timestamp) -> Self {
        Self { micro: u64::from(burst) * UNIT, burst, milli_per_s, filled_at: now }
    }

    /// Takes `count` tokens, all or none. False when there are not that many.
    pub(crate) fn take(&mut self, count: u32, now: Timestamp) -> bool {
        let gained = now.ms_since(self.filled_at).saturating_mul(u64::from(self.milli_per_s));
        self.micro = self.micro.saturating_add(gained).min(u64::from(self.burst) * UNIT);
        self.filled_at = now;
        let wanted = u64::from(count) * UNIT;
        let enough = self.micro >= wanted;
        if enough {
            self.micro -= wanted;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills_with_time() {
        let mut budget = Budget::full(3, 500, Timestamp(0));
        let taken: Vec<bool> = [0, 0, 0, 0, 1_999, 2_000, 2_001, 60_000, 60_000, 60_000, 60_000]
            .into_iter()
            .map(|ms| budget.take(1, Timestamp(ms)))
            .collect();
        assert_eq!(taken, [true, true, true, false, false, true, false, true, true, true, false]);
    }

    #[test]
    fn all_or_none() {
        let mut budget = Budget::full(3, 0, Timestamp(0));
        assert!(!budget.take(4, Timestamp(0)));
        assert!(budget.take(3, Timestamp(0)));
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing() {
        let mut budget = Budget::full(1, 1000, Timestamp(10_000));
        assert!(budget.take(1, Timestamp(10_000)));
        assert!(!budget.take(1, Timestamp(5_000)));
        assert!(budget.take(1, Timestamp(6_000)));
    }
}
