//! Points in time as milliseconds, passed in by whoever has a clock.

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This time plus `ms` milliseconds, saturating.
    pub fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX)))
    }

    /// Milliseconds from `earlier` to this time; 0 when the clock went backwards.
    pub fn ms_since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }

    /// RFC 3339 in UTC with milliseconds: `2026-01-31T07:48:19.123Z`.
    pub fn to_rfc3339(self) -> String {
        let (days, ms) = (self.0.div_euclid(86_400_000), self.0.rem_euclid(86_400_000));
        let (year, month, day) = civil(days);
        let (s, ms) = (ms / 1000, ms % 1000);
        let (h, m, s) = (s / 3600, s / 60 % 60, s % 60);
        format!("{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.{ms:03}Z")
    }

    /// Reads RFC 3339: `2026-01-31T07:48:19Z`, `2026-01-31 08:48:19.5+01:00`. `None` for anything else, a time
    /// without an offset included. What is finer than a millisecond is cut off.
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let number = |from: usize, digits: usize| -> Option<i64> {
            let part = text.get(from..from + digits)?;
            part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok()).flatten()
        };
        let sign = |at: usize, signs: &str| text.get(at..at + 1).is_some_and(|found| signs.contains(found));
        let is_shaped = sign(4, "-") && sign(7, "-") && sign(10, "Tt ") && sign(13, ":") && sign(16, ":");
        let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
        let (h, m, s) = (number(11, 2)?, number(14, 2)?, number(17, 2)?);
        if !is_shaped || !(1..=12).contains(&month) || !(1..=days_of(year, month)).contains(&day) {
            return None;
        }
        if h > 23 || m > 59 || s > 59 {
            return None;
        }
        let (ms, zone) = match text.get(19..)?.strip_prefix('.') {
            None => (0, 19),
            Some(fraction) => {
                let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
                let shown: String = fraction.get(..digits.min(3))?.to_owned();
                (format!("{shown:0<3}").parse().ok().filter(|_| digits > 0)?, 20 + digits)
            }
        };
        let offset_min = match text.get(zone..)? {
            "Z" | "z" => 0,
            offset if offset.len() == 6 && sign(zone, "+-") && sign(zone + 3, ":") => {
                let (hours, minutes) = (number(zone + 1, 2)?, number(zone + 4, 2)?);
                let ahead = (hours <= 23 && minutes <= 59).then_some(hours * 60 + minutes)?;
                if offset.starts_with('-') { -ahead } else { ahead }
            }
            _ => return None,
        };
        let minutes = (days_since_1970(year, month, day) * 24 + h) * 60 + m - offset_min;
        Some(Self((minutes * 60 + s) * 1_000 + ms))
    }
}

impl Timestamp {
    /// As people enter times: `now`, milliseconds since 1970, how long ago (`30s`, `15m`, `2h`, `3d`), RFC 3339, or a
    /// date with or without a time of day in UTC (`2026-01-31`, `2026-01-31 07:48`).
    pub fn from_words(text: &str, now: Self) -> Option<Self> {
        let text = text.trim();
        if text == "now" {
            return Some(now);
        }
        if let Ok(ms) = text.parse() {
            return Some(Self(ms));
        }
        if let Some((number, unit)) = text.char_indices().next_back().map(|(at, _)| text.split_at(at)) {
            let s = match unit {
                "s" => Some(1),
                "m" => Some(60),
                "h" => Some(3_600),
                "d" => Some(86_400),
                _ => None,
            };
            if let (Ok(number), Some(s)) = (number.trim_end().parse::<u32>(), s) {
                return Some(Self(now.0 - i64::from(number) * s * 1_000));
            }
        }
        let missing = match text.len() {
            10 => "T00:00:00Z",
            16 => ":00Z",
            19 => "Z",
            _ => "",
        };
        Self::from_rfc3339(&format!("{text}{missing}"))
    }
}

fn days_of(year: i64, month: i64) -> i64 {
    let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    days_since_1970(next_year, next_month, 1) - days_since_1970(year, month, 1)
}

/// The inverse of [`civil`]. Source: the same, `days_from_civil`.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let yoe = year.rem_euclid(400);
    let doy = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    era * 146_097 + doe - 719_468
}

/// Days since 1970-01-01 to (year, month, day) of the proleptic Gregorian calendar.
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    (yoe + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_of_known_instants() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_700_000_000_123, "2023-11-14T22:13:20.123Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Timestamp(ms).to_rfc3339(), text);
        }
    }

    #[test]
    fn people_enter_times_in_several_ways() {
        let now = Timestamp(1_700_000_000_123);
        for (text, ms) in [
            ("0", Some(0)),
            ("1700000000000", Some(1_700_000_000_000)),
            (" now", Some(1_700_000_000_123)),
            ("15m", Some(1_700_000_000_123 - 900_000)),
            (" 2 h ", Some(1_700_000_000_123 - 7_200_000)),
            ("3d", Some(1_700_000_000_123 - 259_200_000)),
            ("2000-02-29", Some(951_782_400_000)),
            ("2000-02-29 00:00", Some(951_782_400_000)),
            ("2000-02-29T00:00:01", Some(951_782_401_000)),
            ("2000-02-29T01:00:00+01:00", Some(951_782_400_000)),
            ("", None),
            ("m", None),
            ("-1m", None),
            ("15 parsecs", None),
            ("yesterday", None),
            ("nowadays", None),
            ("ünder 10 b", None),
        ] {
            assert_eq!(Timestamp::from_words(text, now).map(|time| time.0), ms, "{text}");
        }
    }

    #[test]
    fn rfc3339_is_read_with_its_offset() {
        for (text, ms) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T00:00:00.000Z", 951_782_400_000),
            ("2023-11-14T22:13:20.1239Z", 1_700_000_000_123),
            ("2023-11-14 23:13:20.1+01:00", 1_700_000_000_100),
            ("2023-11-14t20:43:20-01:30", 1_700_000_000_000),
        ] {
            assert_eq!(Timestamp::from_rfc3339(text), Some(Timestamp(ms)), "{text}");
        }
        for ms in (-62_000_000_000_000..70_000_000_000_000).step_by(1_234_567_890_123) {
            assert_eq!(Timestamp::from_rfc3339(&Timestamp(ms).to_rfc3339()), Some(Timestamp(ms)));
        }
    }

    #[test]
    fn what_is_not_rfc3339_is_not_read() {
        for text in [
            "",
            "soon",
            "2026-01-31",
            "2026-01-31T07:48:19",
            "2026-02-29T07:48:19Z",
            "2026-13-01T07:48:19Z",
            "2026-00-01T07:48:19Z",
            "2026-01-31T24:00:00Z",
            "2026-01-31T07:48:60Z",
            "2026-01-31T07:48:19.Z",
            "2026-01-31T07:48:19+0100",
            "2026-01-31T07:48:19+01:60",
            "2026-01-31T07:48:19Z ",
            "+026-01-31T07:48:19Z",
            "2026-01-31T07:48:19ä",
            "2026/01/31T07:48:19Z",
        ] {
            assert_eq!(Timestamp::from_rfc3339(text), None, "{text}");
        }
    }
}
