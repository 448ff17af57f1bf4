//! Ids that are the same in every run.

use protocol::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use uuid::Uuid;

/// Draws UUIDv7s: equal seeds draw equal ids, different seeds different ones, and ids of one seed sort as drawn.
#[derive(Debug)]
pub struct SeededIds {
    seed: u32,
    drawn: AtomicU64,
}

impl SeededIds {
    pub fn new(seed: u32) -> Self {
        Self { seed, drawn: AtomicU64::new(0) }
    }

    /// The next id; its time is `now`.
    pub fn next(&self, now: Timestamp) -> Uuid {
        let n = self.drawn.fetch_add(1, Relaxed);
        let mut low = [0; 10];
        // A v7 id keeps 12 bits of the first two bytes and 62 of the others.
        low[..2].copy_from_slice(&u16::try_from(n >> 24 & 0xfff).unwrap_or(0).to_be_bytes());
        low[2..6].copy_from_slice(&u32::try_from(n & 0xff_ffff).unwrap_or(0).to_be_bytes());
        low[6..].copy_from_slice(&self.seed.to_be_bytes());
        uuid::Builder::from_unix_timestamp_millis(u64::try_from(now.0).unwrap_or(0), &low).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_draw_equal_ids_in_order() {
        let now = Timestamp(1_700_000_000_000);
        let draw = |seed| {
            let ids = SeededIds::new(seed);
            (0..10_000).map(|_| ids.next(now)).collect::<Vec<_>>()
        };
        let ids = draw(1);
        assert_eq!(ids, draw(1));
        assert!(ids.is_sorted_by(|a, b| a < b));
        assert!(draw(2).iter().all(|id| !ids.contains(id)));
        assert_eq!(ids[0].get_version_num(), 7);
    }
}
