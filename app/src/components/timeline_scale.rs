//! The time axis of a timeline: linear, with long idle stretches folded.

use protocol::Timestamp;

/// An idle stretch this many times the median length of an attempt is folded.
const FOLD_FACTOR: u64 = 10;
/// Shorter idle stretches are never folded.
const FOLD_AT_LEAST_MS: u64 = 2_000;
/// The width of a fold, in percent of the axis.
const FOLD_WIDTH: f64 = 3.0;

/// Maps times to percent of the width.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Scale {
    /// Stretches of work in order, with where each begins and how wide it is, in percent.
    stretches: Vec<Stretch>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Stretch {
    from: Timestamp,
    to: Timestamp,
    left: f64,
    width: f64,
}

impl Scale {
    /// `spans`: start and end of each attempt, in any order.
    pub(crate) fn new(mut spans: Vec<(Timestamp, Timestamp)>) -> Self {
        spans.sort_unstable();
        let mut lengths: Vec<u64> = spans.iter().map(|(from, to)| to.ms_since(*from)).collect();
        lengths.sort_unstable();
        let median = lengths.get(lengths.len() / 2).copied().unwrap_or(0);
        let longest_idle = (median * FOLD_FACTOR).max(FOLD_AT_LEAST_MS);

        let mut stretches: Vec<Stretch> = Vec::new();
        for (from, to) in spans {
            match stretches.last_mut() {
                Some(last) if from.ms_since(last.to) <= longest_idle => last.to = last.to.max(to),
                _ => stretches.push(Stretch { from, to, left: 0.0, width: 0.0 }),
            }
        }
        let folds = stretches.len().saturating_sub(1) as f64;
        let room = (100.0 - folds * FOLD_WIDTH).max(10.0);
        let work: u64 = stretches.iter().map(|stretch| stretch.to.ms_since(stretch.from)).sum();
        let mut left = 0.0;
        for stretch in &mut stretches {
            stretch.left = left;
            stretch.width = room * stretch.to.ms_since(stretch.from) as f64 / work.max(1) as f64;
            left += stretch.width + FOLD_WIDTH;
        }
        Self { stretches }
    }

    /// Percent from the left; times outside are clamped, times within a fold are at its left end.
    pub(crate) fn x(&self, at: Timestamp) -> f64 {
        let Some(stretch) = self.stretches.iter().rev().find(|stretch| stretch.from <= at) else { return 0.0 };
        let length = stretch.to.ms_since(stretch.from).max(1) as f64;
        stretch.left + stretch.width * (at.ms_since(stretch.from) as f64 / length).min(1.0)
    }

    /// Each fold's left end in percent, with the idle time it stands for in ms.
    pub(crate) fn folds(&self) -> Vec<(f64, u64)> {
        self.stretches
            .windows(2)
            .map(|pair| (pair[0].left + pair[0].width, pair[1].from.ms_since(pair[0].to)))
            .collect()
    }

    pub(crate) const fn fold_width() -> f64 {
        FOLD_WIDTH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(spans: &[(i64, i64)]) -> Vec<(Timestamp, Timestamp)> {
        spans.iter().map(|(from, to)| (Timestamp(*from), Timestamp(*to))).collect()
    }

    #[test]
    fn work_without_long_pauses_is_linear() {
        let scale = Scale::new(spans(&[(0, 1_000), (1_000, 3_000), (500, 4_000)]));
        assert_eq!(scale.folds(), []);
        for (at, x) in [(-1, 0.0), (0, 0.0), (1_000, 25.0), (4_000, 100.0), (9_000, 100.0)] {
            assert!((scale.x(Timestamp(at)) - x).abs() < 0.001, "{at}");
        }
    }

    #[test]
    fn long_idle_stretch_is_folded_and_told() {
        let scale = Scale::new(spans(&[(0, 1_000), (61_000, 62_000)]));
        assert_eq!(scale.folds().len(), 1);
        assert_eq!(scale.folds()[0].1, 60_000);
        assert!((scale.x(Timestamp(1_000)) - 48.5).abs() < 0.001);
        assert!((scale.x(Timestamp(61_000)) - 51.5).abs() < 0.001);
        assert!((scale.x(Timestamp(62_000)) - 100.0).abs() < 0.001);
    }

    #[test]
    fn nothing_to_show_is_no_division_by_zero() {
        assert_eq!(Scale::new(Vec::new()).x(Timestamp(5)), 0.0);
        assert_eq!(Scale::new(spans(&[(5, 5)])).x(Timestamp(5)), 0.0);
    }
}
