//! Durations for people.

/// `340 ms`, `1.24 s`, `3 m 02 s`, `2 h 05 m`.
pub(in crate::cli) fn words(ms: u64) -> String {
    let s = ms / 1000;
    match ms {
        0..=999 => format!("{ms} ms"),
        1_000..=59_999 => format!("{}.{:02} s", s, ms % 1000 / 10),
        60_000..=3_599_999 => format!("{} m {:02} s", s / 60, s % 60),
        _ => format!("{} h {:02} m", s / 3600, s / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn durations_read_well() {
        for (ms, expect) in [
            (0, "0 ms"),
            (999, "999 ms"),
            (1_240, "1.24 s"),
            (59_999, "59.99 s"),
            (182_000, "3 m 02 s"),
            (7_500_000, "2 h 05 m"),
        ] {
            assert_eq!(super::words(ms), expect);
        }
    }
}
