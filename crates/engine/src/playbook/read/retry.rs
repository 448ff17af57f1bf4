//! `retry`: true, a number of attempts, or a map.

use super::{
    at::{At, Fields},
    compile::Compiler,
    limits::{MAX_ATTEMPTS, MAX_TIMEOUT_S},
};
use crate::playbook::{problems::Problems, retry::Retry};
use serde_json::Value;

const HINT: &str = "write `retry: true`, a number of attempts, or a map with `max_attempts`, `initial_delay`, \
                    `backoff_multiplier`, `max_delay`, `jitter`, `retry_when`, `stop_when`";
pub(super) const KNOWN: &[&str] =
    &["max_attempts", "initial_delay", "backoff_multiplier", "max_delay", "jitter", "retry_when", "stop_when"];

/// The `retry` of an action; `None` when there is none, or `false`.
pub(super) fn read(
    fields: &mut Fields<'_>,
    base: &str,
    compiler: &mut Compiler,
    problems: &mut Problems,
) -> Option<Retry> {
    let at = fields.take("retry")?;
    if let Some(inner) = at.fields() {
        return Some(map(inner, base, compiler, problems));
    }
    match at.json() {
        Value::Bool(false) => None,
        Value::Bool(true) => Some(Retry::default()),
        Value::Number(_) => Some(Retry { max_attempts: attempts(&at, problems)?, ..Retry::default() }),
        _ => {
            at.wrong_type(problems, "`retry` must be true, a number or a map", HINT);
            None
        }
    }
}

fn map(mut fields: Fields<'_>, base: &str, compiler: &mut Compiler, problems: &mut Problems) -> Retry {
    let or = Retry::default();
    let max_attempts = fields.take("max_attempts").and_then(|at| attempts(&at, problems)).unwrap_or(or.max_attempts);
    let mut seconds = |name: &str, or_ms: f64| {
        let known = fields.take(name).and_then(|at| number(&at, name, 0.0, MAX_TIMEOUT_S, problems));
        known.map_or(or_ms, |seconds| seconds * 1_000.0)
    };
    let initial_delay_ms = seconds("initial_delay", or.initial_delay_ms);
    let max_delay_ms = seconds("max_delay", or.max_delay_ms);
    let multiplier = fields.take("backoff_multiplier");
    let multiplier = multiplier.and_then(|at| number(&at, "backoff_multiplier", 0.0, 1_000.0, problems));
    let jitter = fields.take("jitter").map_or(or.jitter, |at| {
        at.json().as_bool().unwrap_or_else(|| {
            at.wrong_type(
                problems,
                "`jitter` is true or false",
                "with it, up to half of a delay is left out at random",
            );
            or.jitter
        })
    });
    let mut condition = |name| fields.take(name).and_then(|at| compiler.condition(&at, base, problems));
    let (retry_when, stop_when) = (condition("retry_when"), condition("stop_when"));
    fields.warn_rest(problems, "`retry`", KNOWN);
    let backoff_multiplier = multiplier.unwrap_or(or.backoff_multiplier);
    Retry { max_attempts, initial_delay_ms, backoff_multiplier, max_delay_ms, jitter, retry_when, stop_when }
}

fn attempts(at: &At<'_>, problems: &mut Problems) -> Option<u32> {
    let attempts = at.json().as_u64().and_then(|attempts| u32::try_from(attempts).ok());
    let attempts = attempts.filter(|attempts| (1..=MAX_ATTEMPTS).contains(attempts));
    if attempts.is_none() {
        let hint = format!("a whole number from 1 to {MAX_ATTEMPTS}, the first attempt included");
        at.error(problems, "bad_value", "this is not a number of attempts", hint);
    }
    attempts
}

fn number(at: &At<'_>, name: &str, least: f64, most: f64, problems: &mut Problems) -> Option<f64> {
    let number = at.json().as_f64().filter(|number| (least..=most).contains(number));
    if number.is_none() {
        at.error(problems, "bad_value", format!("`{name}` cannot be this"), format!("a number from {least} to {most}"));
    }
    number
}
