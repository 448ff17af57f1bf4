//! How much one publisher may say.

use protocol::Timestamp;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Publishers remembered; those who have their full measure again are forgotten first.
const PUBLISHERS: usize = 10_000;

/// Messages a second, by who publishes: twice as many at once.
pub(crate) struct Rates {
    per_s: Option<u32>,
    left: Mutex<HashMap<String, (f64, Timestamp)>>,
}

impl Rates {
    /// `None`: as many as the store takes.
    pub(crate) fn new(per_s: Option<u32>) -> Self {
        Self { per_s, left: Mutex::default() }
    }

    /// Takes so many, all or none. `Err`: how many a second there are.
    pub(super) fn take(&self, who: &str, count: usize, now: Timestamp) -> Result<(), u32> {
        let Some(per_s) = self.per_s else { return Ok(()) };
        let (rate, full) = (f64::from(per_s), f64::from(per_s) * 2.0);
        let filled = |(left, at): (f64, Timestamp)| (left + now.ms_since(at) as f64 * rate / 1000.0).min(full);
        let mut known = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= PUBLISHERS && !known.contains_key(who) {
            known.retain(|_, publisher| filled(*publisher) < full);
        }
        let left = known.get(who).copied().map_or(full, filled);
        let wanted = count as f64;
        // A batch larger than all there can be would never pass: it passes when the measure is full, and is owed.
        let enough = left >= wanted.min(full);
        known.insert(who.to_owned(), (if enough { left - wanted } else { left }, now));
        if enough { Ok(()) } else { Err(per_s) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_publisher_has_a_measure_that_fills_with_time() {
        let rates = Rates::new(Some(10));
        let taken: Vec<bool> = [
            ("a", 20, 0),
            ("a", 1, 0),
            ("b", 20, 0),
            ("a", 1, 100),
            ("a", 1, 150),
            ("a", 21, 5_000),
            ("a", 1, 5_050),
            ("a", 1, 5_200),
        ]
        .into_iter()
        .map(|(who, count, ms)| rates.take(who, count, Timestamp(ms)).is_ok())
        .collect();
        assert_eq!(taken, [true, false, true, true, false, true, false, true]);
    }

    #[test]
    fn without_a_rate_everything_passes() {
        let rates = Rates::new(None);
        assert_eq!(rates.take("a", usize::MAX, Timestamp(0)), Ok(()));
    }
}
