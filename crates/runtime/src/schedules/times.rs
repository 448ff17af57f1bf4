//! When a schedule fires: a cron pattern in a time zone.
//!
//! Clocks that are set forward or back: a time of day that does not exist that day fires right after the gap, one
//! that exists twice fires the first time only; patterns with `*` or `/` in hour or minute follow the clock on the
//! wall, through both.

use chrono::{DateTime, TimeZone};
use chrono_tz::Tz;
use croner::Cron;
use protocol::Timestamp;
use std::collections::VecDeque;

/// The first stretch that is looked through, backwards from the end, for the last times before it.
const STRETCH_MS: i64 = 60 * 60 * 1_000;

pub(crate) struct Times {
    cron: Cron,
    zone: Tz,
}

impl Times {
    /// # Errors
    /// What is wrong with the pattern or the zone, for people.
    pub(crate) fn parse(cron: &str, timezone: &str) -> Result<Self, String> {
        let cron = cron.trim().parse::<Cron>().map_err(|error| {
            let error = error.to_string();
            format!(
                "`{cron}` is not a cron pattern: {}; write minute, hour, day of the month, month, day of the week: \
                 `0 6 * * MON-FRI`",
                error.trim_end_matches('.')
            )
        })?;
        let zone = timezone.parse::<Tz>().map_err(|_| {
            format!("there is no time zone `{timezone}`; names are those of the IANA database: `Europe/Berlin`, `UTC`")
        })?;
        Ok(Self { cron, zone })
    }

    /// The first time after this one.
    pub(crate) fn next(&self, after: Timestamp) -> Option<Timestamp> {
        // Patterns have seconds; a time within one is after its start.
        let after: DateTime<Tz> = self.zone.timestamp_opt(after.0.div_euclid(1_000), 0).single()?;
        let next = self.cron.find_next_occurrence(&after, false).ok()?;
        Some(Timestamp(next.timestamp().saturating_mul(1_000)))
    }

    /// The first times after this one, `most` or as many as there are.
    pub(crate) fn upcoming(&self, after: Timestamp, most: usize) -> Vec<Timestamp> {
        std::iter::successors(self.next(after), |time| self.next(*time)).take(most).collect()
    }

    /// The last times from `from` to `to`, both included, `most` or as many as there are, the oldest first. Looks
    /// through ever longer stretches before `to`, so that a long absence costs no more than a short one.
    pub(crate) fn last(&self, from: Timestamp, to: Timestamp, most: usize) -> Vec<Timestamp> {
        let mut stretch = STRETCH_MS;
        loop {
            let start = Timestamp(to.0.saturating_sub(stretch).max(from.0));
            let mut found = VecDeque::new();
            // Not `inclusive`: a time right after a gap does not match its own pattern.
            let mut next = self.next(Timestamp(start.0.saturating_sub(1)));
            while let Some(time) = next.filter(|time| *time <= to) {
                if found.len() == most {
                    found.pop_front();
                }
                found.push_back(time);
                next = self.next(time);
            }
            if found.len() >= most || start <= from {
                return found.into();
            }
            stretch = stretch.saturating_mul(4);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(DateTime::parse_from_rfc3339(text).expect("a time").timestamp_millis())
    }

    fn check(cron: &str, zone: &str, after: &str, expect: &[&str]) {
        let times = Times::parse(cron, zone).expect("a schedule").upcoming(at(after), expect.len());
        let times: Vec<String> = times.into_iter().map(|time| time.to_rfc3339().replace(":00.000Z", "Z")).collect();
        assert_eq!(times, expect, "{cron} {zone}");
    }

    #[test]
    fn times_follow_the_clock_on_the_wall() {
        check("0 6 * * MON-FRI", "UTC", "2026-11-20T06:00:00Z", &["2026-11-23T06:00Z", "2026-11-24T06:00Z"]);
        check("0 6 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", &["2026-03-28T05:00Z", "2026-03-29T04:00Z"]);
        check("30 */6 * * *", "Asia/Kolkata", "2026-01-01T00:00:00Z", &["2026-01-01T01:00Z", "2026-01-01T07:00Z"]);
        check("@monthly", "America/New_York", "2026-02-15T00:00:00Z", &["2026-03-01T05:00Z", "2026-04-01T04:00Z"]);
        check("15 30 4 1 1 *", "UTC", "2026-01-01T04:30:14Z", &["2026-01-01T04:30:15.000Z"]);
    }

    #[test]
    fn a_time_of_day_that_does_not_exist_fires_right_after_the_gap() {
        // 02:00 to 03:00 does not exist in Berlin on 2026-03-29.
        check("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", &["2026-03-29T01:00Z", "2026-03-30T00:30Z"]);
        let daily = Times::parse("30 2 * * *", "Europe/Berlin").expect("a schedule");
        let gap = at("2026-03-29T01:00:00Z");
        assert_eq!(daily.last(gap, gap, 9), [gap]);
        check("30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", &["2026-03-29T00:30Z", "2026-03-29T01:30Z"]);
    }

    #[test]
    fn a_time_of_day_that_exists_twice_fires_once() {
        // 02:00 to 03:00 is there twice in Berlin on 2026-10-25.
        check("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", &["2026-10-25T00:30Z", "2026-10-26T01:30Z"]);
        check(
            "30 * * * *",
            "Europe/Berlin",
            "2026-10-25T00:00:00Z",
            &["2026-10-25T00:30Z", "2026-10-25T01:30Z", "2026-10-25T02:30Z"],
        );
    }

    #[test]
    fn the_last_times_are_found_from_the_end() {
        let every_second = Times::parse("* * * * * *", "UTC").expect("a schedule");
        let (from, to) = (at("2020-01-01T00:00:00Z"), at("2026-01-01T00:00:00Z"));
        let last = every_second.last(from, to, 3);
        assert_eq!(last, [Timestamp(to.0 - 2_000), Timestamp(to.0 - 1_000), to]);
        let yearly = Times::parse("0 0 1 1 *", "UTC").expect("a schedule");
        assert_eq!(yearly.last(from, to, 2), [at("2025-01-01T00:00:00Z"), to]);
        assert_eq!(yearly.last(from, to, 100).len(), 7, "both ends count");
        assert_eq!(yearly.last(Timestamp(from.0 + 1), Timestamp(to.0 - 1), 100).len(), 5);
    }

    #[test]
    fn what_never_comes_has_no_next_time() {
        let never = Times::parse("0 0 30 2 *", "UTC").expect("a pattern");
        assert_eq!(never.next(at("2026-01-01T00:00:00Z")), None);
        assert!(never.last(at("2026-01-01T00:00:00Z"), at("2026-02-01T00:00:00Z"), 9).is_empty());
    }

    #[test]
    fn mistakes_are_named() {
        for (cron, zone, part) in
            [("61 * * * *", "UTC", "`61 * * * *`"), ("* * * * *", "Europe/Atlantis", "`Europe/Atlantis`")]
        {
            let message = Times::parse(cron, zone).err().expect("a mistake");
            assert!(message.contains(part), "{message}");
        }
    }
}
