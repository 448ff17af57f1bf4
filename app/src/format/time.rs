//! Times and durations. Exact ones in a zone given as its offset, relative ones against a `now` that is passed in.

use protocol::Timestamp;

/// Minutes east of UTC at the instant that is shown. The server does not know the reader's zone and shows UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Zone {
    #[default]
    Utc,
    Offset(i32),
}

impl Zone {
    fn minutes(self) -> i32 {
        match self {
            Zone::Utc => 0,
            Zone::Offset(minutes) => minutes,
        }
    }

    /// `UTC`, `UTC+2`, `UTC−3:30`.
    pub(crate) fn name(self) -> String {
        let minutes = self.minutes();
        let sign = if minutes < 0 { '−' } else { '+' };
        match (minutes.abs() / 60, minutes.abs() % 60) {
            (0, 0) => "UTC".to_owned(),
            (hours, 0) => format!("UTC{sign}{hours}"),
            (hours, rest) => format!("UTC{sign}{hours}:{rest:02}"),
        }
    }

    fn local(self, at: Timestamp) -> String {
        Timestamp(at.0.saturating_add(i64::from(self.minutes()) * 60_000)).to_rfc3339()
    }
}

/// `2026-01-31 07:48:19.123 UTC+1`.
pub(crate) fn exact(at: Timestamp, zone: Zone) -> String {
    let text = zone.local(at);
    match text.split_once('T') {
        Some((date, time)) => format!("{date} {} {}", time.trim_end_matches('Z'), zone.name()),
        None => text,
    }
}

/// `07:48:19`.
pub(crate) fn clock(at: Timestamp, zone: Zone) -> String {
    clock_ms(at, zone).chars().take(8).collect()
}

/// `07:48:19.123`.
pub(crate) fn clock_ms(at: Timestamp, zone: Zone) -> String {
    let text = zone.local(at);
    text.split_once('T').map_or_else(String::new, |(_, time)| time.trim_end_matches('Z').to_owned())
}

/// `in 40 s`, `in 3 min`, `in 5 h`, `in 2 d`, then the date; what is over is due `now`.
pub(crate) fn ahead(at: Timestamp, now: Timestamp, zone: Zone) -> String {
    let s = at.ms_since(now).div_ceil(1000);
    match s {
        0..=1 => "now".to_owned(),
        2..=59 => format!("in {s} s"),
        60..=3_599 => format!("in {} min", s / 60),
        3_600..=86_399 => format!("in {} h", s / 3_600),
        86_400..=2_591_999 => format!("in {} d", s / 86_400),
        _ => format!("on {}", zone.local(at).chars().take(10).collect::<String>()),
    }
}

/// `2026-01-31 07:48 UTC+1`: a time people set clocks by.
#[cfg(feature = "ssr")]
pub(crate) fn minute(at: Timestamp, zone: Zone) -> String {
    let text = zone.local(at);
    let (date, time) = text.split_once('T').unwrap_or((&text, ""));
    format!("{date} {} {}", time.chars().take(5).collect::<String>(), zone.name())
}

/// `now`, `12 s ago`, `3 min ago`, `5 h ago`, `2 d ago`, then the date.
pub(crate) fn ago(at: Timestamp, now: Timestamp, zone: Zone) -> String {
    let s = now.ms_since(at) / 1000;
    match s {
        0..=1 => "now".to_owned(),
        2..=59 => format!("{s} s ago"),
        60..=3_599 => format!("{} min ago", s / 60),
        3_600..=86_399 => format!("{} h ago", s / 3_600),
        86_400..=2_591_999 => format!("{} d ago", s / 86_400),
        _ => zone.local(at).chars().take(10).collect(),
    }
}

/// `840 ms`, `1.24 s`, `12.4 s`, `3 m 02 s`, `1 h 04 m`, `2 d 3 h`.
pub(crate) fn duration(ms: u64) -> String {
    let s = ms / 1000;
    match ms {
        0..=999 => format!("{ms} ms"),
        1_000..=9_999 => format!("{}.{:02} s", s, ms % 1000 / 10),
        10_000..=59_999 => format!("{}.{} s", s, ms % 1000 / 100),
        60_000..=3_599_999 => format!("{} m {:02} s", s / 60, s % 60),
        3_600_000..=86_399_999 => format!("{} h {:02} m", s / 3_600, s / 60 % 60),
        _ => format!("{} d {} h", s / 86_400, s / 3_600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_three_digits() {
        for (ms, text) in [
            (0, "0 ms"),
            (999, "999 ms"),
            (1_249, "1.24 s"),
            (12_480, "12.4 s"),
            (182_000, "3 m 02 s"),
            (3_840_000, "1 h 04 m"),
            (183_600_000, "2 d 3 h"),
        ] {
            assert_eq!(duration(ms), text);
        }
    }

    #[test]
    fn relative_times_name_their_unit() {
        let at = Timestamp(1_700_000_000_000);
        for (later_s, text) in [
            (-5, "now"),
            (1, "now"),
            (12, "12 s ago"),
            (185, "3 min ago"),
            (7_300, "2 h ago"),
            (200_000, "2 d ago"),
            (9_000_000, "2023-11-14"),
        ] {
            assert_eq!(ago(at, Timestamp(at.0 + later_s * 1000), Zone::Utc), text);
        }
    }

    #[test]
    fn times_to_come_name_their_unit() {
        let now = Timestamp(1_700_000_000_000);
        for (later_ms, text) in [
            (-5_000, "now"),
            (1_500, "in 2 s"),
            (185_000, "in 3 min"),
            (7_300_000, "in 2 h"),
            (200_000_000, "in 2 d"),
            (9_000_000_000, "on 2024-02-27"),
        ] {
            assert_eq!(ahead(Timestamp(now.0 + later_ms), now, Zone::Utc), text);
        }
    }

    #[test]
    fn exact_times_name_their_zone() {
        let at = Timestamp(1_700_000_000_123);
        assert_eq!(exact(at, Zone::Utc), "2023-11-14 22:13:20.123 UTC");
        assert_eq!(exact(at, Zone::Offset(120)), "2023-11-15 00:13:20.123 UTC+2");
        assert_eq!(Zone::Offset(-210).name(), "UTC−3:30");
        assert_eq!(clock(at, Zone::Utc), "22:13:20");
    }
}
