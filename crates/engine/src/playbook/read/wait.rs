//! `type: wait` and `type: approval`: steps that the engine carries out by waiting.

use super::{
    action,
    at::{At, Fields, unknown_field},
    compile::Compiler,
    form, number, step,
};
use crate::playbook::{
    form::{FormPlan, answer},
    problems::Problems,
    template::Template,
    wait::{Approval, MAX_SIGNAL, MAX_WAIT_S, Until, Wait},
};
use protocol::Timestamp;

pub(super) const WAIT: &[&str] = &["seconds", "until", "signal", "timeout_s"];
const WAIT_HINT: &str = "write `seconds: 30`, `until: 2026-01-31T08:00:00Z` or `signal: payment_received`";
pub(super) const APPROVAL: &[&str] = &["message", "form", "timeout_s", "default"];

/// A wait; the second value is the step's own data. `None` when it is wrong (and reported).
pub(super) fn wait(
    fields: &mut Fields<'_>,
    base: &str,
    compiler: &mut Compiler,
    problems: &mut Problems,
) -> (Option<Wait>, Option<Template>) {
    let data = action::own_data(fields, false, base, compiler, problems);
    let timeout_at = fields.peek("timeout_s");
    let timeout_ms = timeout(fields, problems);
    let told: Vec<&str> = WAIT[..3].iter().copied().filter(|name| fields.peek(name).is_some()).collect();
    for name in told.iter().skip(1) {
        let place = fields.key_place(name).unwrap_or(fields.place());
        let pointer = fields.peek(name).map_or_else(|| fields.pointer.clone(), |at| at.pointer);
        let message = format!("`{name}` beside `{}`: a wait is for one of them", told[0]);
        problems.error("conflicting_fields", place, &pointer, message, Some("keep one of them".into()));
    }
    let (seconds, until, signal) = (fields.take("seconds"), fields.take("until"), fields.take("signal"));
    let until = if let Some(at) = seconds {
        let template = compiler.template(&at, base, problems);
        if template.is_fixed() && !at.json().as_f64().is_some_and(|seconds| (0.0..=MAX_WAIT_S).contains(&seconds)) {
            let hint = format!("a number from 0 to {MAX_WAIT_S}");
            at.error(problems, "bad_value", "`seconds` cannot be this", hint);
        }
        Some(Until::Seconds(template))
    } else if let Some(at) = until {
        let template = compiler.template(&at, base, problems);
        if template.is_fixed() && at.text().and_then(Timestamp::from_rfc3339).is_none() {
            let hint = "a date and a time with its zone: `2026-01-31T08:00:00Z`, `2026-01-31T09:00:00+01:00`";
            at.error(problems, "bad_value", "`until` is not a time", hint);
        }
        Some(Until::Time(template))
    } else if let Some(at) = signal {
        let name = compiler.template(&at, base, problems);
        let fits = |text: &str| !text.trim().is_empty() && text.chars().count() <= MAX_SIGNAL;
        if name.is_fixed() && !at.text().is_some_and(fits) {
            at.error(problems, "bad_value", "this cannot be a signal's name", format!("1 to {MAX_SIGNAL} characters"));
        }
        // A name that reads like a number is a name all the same.
        let name = if name.is_fixed() { Template::fixed(at.text().unwrap_or_default().into()) } else { name };
        Some(Until::Signal { name, timeout_ms })
    } else {
        fields.missing(problems, "seconds", "a wait step", WAIT_HINT);
        None
    };
    if let (Some(at), Some(Until::Seconds(_) | Until::Time(_))) = (timeout_at, &until) {
        let hint = "leave it out: the wait ends by itself";
        at.error(problems, "conflicting_fields", "`timeout_s` limits a wait for a signal only", hint);
    }
    rest(fields, "a wait step", WAIT, problems);
    (until.map(|until| Wait { until }), data)
}

/// An approval; the second value is the step's own data.
pub(super) fn approval(
    fields: &mut Fields<'_>,
    base: &str,
    compiler: &mut Compiler,
    problems: &mut Problems,
) -> (Approval, Option<Template>) {
    let data = action::own_data(fields, false, base, compiler, problems);
    let timeout_ms = timeout(fields, problems);
    let message = fields.take("message").map(|at| {
        if at.text().is_none() {
            at.wrong_type(problems, "`message` must be text", "write what the person is asked");
        }
        compiler.template(&at, base, problems)
    });
    let form = fields.take("form").map(|at| form::read(&at, base, compiler, problems)).unwrap_or_default();
    let default = fields.take("default").map(|at| {
        let template = compiler.template(&at, base, problems);
        check_default(&at, &template, &form, problems);
        template
    });
    if let Some(place) = fields.key_place("default").filter(|_| default.is_some() && timeout_ms.is_none()) {
        let pointer = format!("{}/default", fields.pointer);
        let hint = "add `timeout_s`, or leave `default` out";
        let message = "`default` is the answer after `timeout_s`, and there is none";
        problems.error("missing_field", place, &pointer, message, Some(hint.into()));
    }
    rest(fields, "an approval step", APPROVAL, problems);
    (Approval { message, form, timeout_ms, default }, data)
}

/// The default of an approval is an answer; what can be known now is checked now.
fn check_default(at: &At<'_>, template: &Template, form: &FormPlan, problems: &mut Problems) {
    let Template::Fixed(default) = template else { return };
    let Some(form) = form.fixed() else { return };
    if let Err(problem) = answer(&form, default) {
        let hint = "write the answer as a map of the form's fields, or `default: false` to reject";
        at.error(problems, "bad_value", format!("the default is no answer to the form: {problem}"), hint);
    }
}

fn timeout(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<u64> {
    let at = fields.take("timeout_s")?;
    let hint = format!("a number above 0 and at most {MAX_WAIT_S}");
    number::milliseconds(&at, "timeout_s", MAX_WAIT_S, &hint, problems)
}

/// Fields that nobody took. The time limits and attempts of actions mean nothing here.
fn rest(fields: &Fields<'_>, what: &str, own: &[&str], problems: &mut Problems) {
    let no_action = ["retry", "heartbeat_s", "assert", "result"];
    let known: Vec<&str> =
        step::COMMON.iter().copied().filter(|name| !no_action.contains(name)).chain(own.iter().copied()).collect();
    for (key, at) in fields.rest() {
        unknown_field(problems, key, &at.pointer, what, &known);
    }
}
