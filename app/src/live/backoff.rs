//! How long to wait before the next attempt to connect.

const FIRST_MS: f64 = 300.0;
const LONGEST_MS: f64 = 15_000.0;

/// Doubles with each failed attempt (0 for the first), up to 15 s; spread over the upper half of the interval by
/// `random` in [0, 1), so that a thousand clients of a restarted server do not come back at once.
pub(crate) fn delay_ms(attempt: u32, random: f64) -> i32 {
    let whole = (FIRST_MS * 2f64.powi(attempt.min(16) as i32)).min(LONGEST_MS);
    (whole * (0.5 + random / 2.0)) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_a_limit_and_never_vanish() {
        for (attempt, random, ms) in [
            (0, 0.0, 150),
            (0, 0.999, 299),
            (1, 0.0, 300),
            (3, 0.5, 1_800),
            (20, 0.0, 7_500),
            (u32::MAX, 0.999, 14_992),
        ] {
            assert_eq!(delay_ms(attempt, random), ms);
        }
    }
}
