//! What to do with a schedule whose time has come: a pure decision.

use super::times::Times;
use protocol::{
    Timestamp,
    api::{CatchUp, Overlap},
};

/// A time that is late by no more than this is not missed: a restart, a slow disk, a loop that slept.
pub(super) const GRACE_MS: u64 = 30_000;
/// Times that are fired, or wait, after a long absence at most: the newest.
const MOST: usize = 100;

/// The execution that a schedule started last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Last {
    None,
    Runs,
    Ended(Timestamp),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// These fire, the oldest first; then it stands at `next`.
    Fire { times: Vec<Timestamp>, next: Option<Timestamp> },
    /// The execution it started last still runs: look again.
    Wait,
}

/// The schedule stands at `from`, which is not after `now`.
pub(super) fn due(
    times: &Times,
    (overlap, catch_up): (Overlap, CatchUp),
    from: Timestamp,
    now: Timestamp,
    last: Last,
) -> Due {
    if overlap == Overlap::Queue && last == Last::Runs {
        return Due::Wait;
    }
    let passed = times.last(from, now, MOST);
    let newest = passed.last().copied();
    // A time that came while the last one ran was not missed: it waited.
    let waited = |time: Timestamp| overlap == Overlap::Queue && matches!(last, Last::Ended(end) if time < end);
    let counts = |time: &Timestamp| {
        now.ms_since(*time) <= GRACE_MS
            || waited(*time)
            || match catch_up {
                CatchUp::None => false,
                CatchUp::Last => Some(*time) == newest,
                CatchUp::All => true,
            }
    };
    let mut fire: Vec<Timestamp> = passed.into_iter().filter(counts).collect();
    let after_all = times.next(now);
    match overlap {
        Overlap::Allow => Due::Fire { times: fire, next: after_all },
        Overlap::Skip if last == Last::Runs => Due::Fire { times: Vec::new(), next: after_all },
        // One after the other: whether the next may fire is seen when this one has.
        Overlap::Skip | Overlap::Queue => {
            let next = fire.get(1).copied().or(after_all);
            fire.truncate(1);
            Due::Fire { times: fire, next }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    /// A schedule of every minute that stands at minute 10; times are minutes.
    fn check(policy: (Overlap, CatchUp), now: i64, last: Last, fire: &[i64], next: i64) {
        let times = Times::parse("* * * * *", "UTC").expect("a schedule");
        let minute = |n: i64| Timestamp(n * MINUTE);
        let expect = Due::Fire { times: fire.iter().map(|n| minute(*n)).collect(), next: Some(minute(next)) };
        assert_eq!(due(&times, policy, minute(10), Timestamp(now), last), expect, "{policy:?} at {now}, {last:?}");
    }

    #[test]
    fn a_time_fires_when_it_comes_and_when_it_is_a_little_late() {
        for catch_up in [CatchUp::None, CatchUp::Last, CatchUp::All] {
            for overlap in [Overlap::Allow, Overlap::Skip, Overlap::Queue] {
                check((overlap, catch_up), 10 * MINUTE, Last::None, &[10], 11);
                check((overlap, catch_up), 10 * MINUTE + 29_999, Last::Ended(Timestamp(0)), &[10], 11);
            }
        }
    }

    #[test]
    fn missed_times_are_caught_up_as_told() {
        let now = 15 * MINUTE + 30_000;
        check((Overlap::Allow, CatchUp::None), now, Last::None, &[15], 16);
        check((Overlap::Allow, CatchUp::Last), now, Last::None, &[15], 16);
        check((Overlap::Allow, CatchUp::All), now, Last::None, &[10, 11, 12, 13, 14, 15], 16);
        let long = (10 + 1_000) * MINUTE;
        let newest: Vec<i64> = (911..=1_010).collect();
        check((Overlap::Allow, CatchUp::All), long, Last::None, &newest, 1_011);
    }

    #[test]
    fn far_too_late_is_missed() {
        let hourly = Times::parse("0 * * * *", "UTC").expect("a schedule");
        let hour = |n: i64| Timestamp(n * 60 * MINUTE);
        let now = Timestamp(hour(5).0 + 30 * MINUTE);
        let at = |catch_up| due(&hourly, (Overlap::Allow, catch_up), hour(3), now, Last::None);
        let fire = |times: &[i64]| Due::Fire { times: times.iter().map(|n| hour(*n)).collect(), next: Some(hour(6)) };
        assert_eq!(at(CatchUp::None), fire(&[]));
        assert_eq!(at(CatchUp::Last), fire(&[5]));
        assert_eq!(at(CatchUp::All), fire(&[3, 4, 5]));
    }

    #[test]
    fn what_still_runs_is_passed_over_or_waited_for() {
        check((Overlap::Allow, CatchUp::None), 10 * MINUTE, Last::Runs, &[10], 11);
        check((Overlap::Skip, CatchUp::All), 13 * MINUTE, Last::Runs, &[], 14);
        let times = Times::parse("* * * * *", "UTC").expect("a schedule");
        let queued = (Overlap::Queue, CatchUp::None);
        assert_eq!(due(&times, queued, Timestamp(600_000), Timestamp(99_000_000), Last::Runs), Due::Wait);
    }

    #[test]
    fn times_that_waited_fire_one_by_one_and_are_not_missed() {
        // The last one ended at 14:30: minutes 10 to 14 waited for it, though far more than the grace has passed.
        let ended = Last::Ended(Timestamp(14 * MINUTE + 30_000));
        check((Overlap::Queue, CatchUp::None), 14 * MINUTE + 31_000, ended, &[10], 11);
        // Nobody was there from 14:30 on; only what waited fires, and what is on time.
        check((Overlap::Queue, CatchUp::None), 30 * MINUTE, Last::Ended(Timestamp(10 * MINUTE + 1)), &[10], 30);
    }

    #[test]
    fn one_after_the_other_is_seen_each_time() {
        check((Overlap::Skip, CatchUp::All), 12 * MINUTE, Last::None, &[10], 11);
    }
}
