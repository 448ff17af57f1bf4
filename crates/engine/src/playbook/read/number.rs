//! Numbers that fields take.

use super::at::At;
use crate::playbook::problems::Problems;

/// Highest count: more is a mistake.
const MAX_COUNT: u64 = 1_000_000;

/// Seconds as milliseconds; above 0 and at most `max_s`.
pub(super) fn milliseconds(at: &At<'_>, name: &str, max_s: f64, hint: &str, problems: &mut Problems) -> Option<u64> {
    match at.json().as_f64() {
        // Within 1..=2^53 by the check.
        Some(seconds) if seconds > 0.0 && seconds <= max_s => Some((seconds * 1000.0).ceil() as u64),
        _ => {
            at.error(problems, "bad_value", format!("`{name}` must be seconds"), hint);
            None
        }
    }
}

/// A whole number from 1.
pub(super) fn count(at: &At<'_>, name: &str, problems: &mut Problems) -> Option<u32> {
    whole(at, name, 1, problems)
}

/// A whole number from 0.
pub(super) fn count_or_none(at: &At<'_>, name: &str, problems: &mut Problems) -> Option<u32> {
    whole(at, name, 0, problems)
}

fn whole(at: &At<'_>, name: &str, least: u64, problems: &mut Problems) -> Option<u32> {
    let found = at.json().as_u64().filter(|n| (least..=MAX_COUNT).contains(n)).and_then(|n| u32::try_from(n).ok());
    if found.is_none() {
        let hint = format!("a whole number from {least} to {MAX_COUNT}");
        at.error(problems, "bad_value", format!("`{name}` must be a whole number"), hint);
    }
    found
}
