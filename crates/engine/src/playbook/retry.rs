//! When and how often an attempt is made again.

use super::model::Condition;

/// A step's `retry`.
#[derive(Debug)]
pub(crate) struct Retry {
    /// The first included.
    pub(crate) max_attempts: u32,
    pub(crate) initial_delay_ms: f64,
    pub(crate) backoff_multiplier: f64,
    pub(crate) max_delay_ms: f64,
    /// Half of a delay is left to chance.
    pub(crate) jitter: bool,
    /// Which ends are tried again; without it, failures.
    pub(crate) retry_when: Option<Condition>,
    /// Which ends stand; asked first.
    pub(crate) stop_when: Option<Condition>,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            initial_delay_ms: 1_000.0,
            backoff_multiplier: 2.0,
            max_delay_ms: 60_000.0,
            jitter: true,
            retry_when: None,
            stop_when: None,
        }
    }
}

impl Retry {
    /// The same, for something else than what its conditions are about.
    pub(crate) fn without_conditions(&self) -> Self {
        Self { retry_when: None, stop_when: None, ..*self }
    }

    /// The pause after an attempt, counted from 1: `min(initial × multiplier^(attempt − 1), max)`. With jitter it is
    /// between half of that and all of it; `chance` decides, and is the same whenever the same decision is made.
    pub(crate) fn delay_ms(&self, attempt: u32, chance: u64) -> u64 {
        let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        let full = (self.initial_delay_ms * self.backoff_multiplier.powi(exponent)).min(self.max_delay_ms);
        // 53 bits are what a float holds exactly.
        let share = (chance >> 11) as f64 / (1_u64 << 53) as f64;
        let delay = if self.jitter { full * (0.5 + share / 2.0) } else { full };
        // Not negative and at most the longest delay that can be written.
        delay.round() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::Retry;

    #[test]
    fn delays_grow_up_to_the_longest() {
        let retry = Retry { jitter: false, max_delay_ms: 5_000.0, ..Retry::default() };
        let delays: Vec<u64> = (1..=5).map(|attempt| retry.delay_ms(attempt, 7)).collect();
        assert_eq!(delays, [1_000, 2_000, 4_000, 5_000, 5_000]);
        assert_eq!(retry.delay_ms(u32::MAX, 7), 5_000);
        let shrinking = Retry { jitter: false, backoff_multiplier: 0.5, ..Retry::default() };
        assert_eq!(shrinking.delay_ms(3, 7), 250);
    }

    #[test]
    fn jitter_takes_up_to_half_of_a_delay() {
        let retry = Retry::default();
        assert_eq!(retry.delay_ms(1, 0), 500);
        assert_eq!(retry.delay_ms(1, u64::MAX / 2), 750);
        assert_eq!(retry.delay_ms(1, u64::MAX), 1_000);
    }
}
