//! `concurrency`, `rate`, `priority` and `timeout_s` of a playbook.

use super::{
    at::{At, Fields},
    compile::Compiler,
    limits::MAX_TIMEOUT_S,
    number,
};
use crate::playbook::{
    admission::{Admission, Concurrency, Rate},
    problems::Problems,
    template::Template,
};

/// Highest and lowest priority.
const PRIORITY: i32 = 100;
pub(super) const RATE: &[&str] = &["key", "limit", "per_s"];
const MAX_PER_S: f64 = 31.0 * MAX_TIMEOUT_S;

pub(super) fn read(top: &mut Fields<'_>, compiler: &mut Compiler, problems: &mut Problems) -> Admission {
    Admission {
        concurrency: top.take("concurrency").and_then(|at| concurrency(&at, compiler, problems)),
        rate: top.take("rate").and_then(|at| rate(&at, compiler, problems)),
        priority: top.take("priority").map_or(0, |at| priority(&at, problems)),
        timeout_ms: top.take("timeout_s").and_then(|at| {
            let hint = format!("a number above 0 and at most {}", 31.0 * MAX_TIMEOUT_S);
            number::milliseconds(&at, "timeout_s", 31.0 * MAX_TIMEOUT_S, &hint, problems)
        }),
    }
}

fn concurrency(at: &At<'_>, compiler: &mut Compiler, problems: &mut Problems) -> Option<Concurrency> {
    let hint = "write `concurrency: {limit: 1}`; executions with the same `key` are counted together";
    // `concurrency: 3`: of this playbook.
    if at.text().is_some() {
        let limit = number::count(at, "concurrency", problems)?;
        return Some(Concurrency { limit, max_queued: None, key: None });
    }
    let mut fields = map(at, "concurrency", hint, problems)?;
    let key = key(&mut fields, compiler, problems);
    let max_queued = fields.take("max_queued").map(|at| number::count_or_none(&at, "max_queued", problems));
    let limit = limit(&mut fields, "concurrency", hint, problems);
    fields.warn_rest(problems, "`concurrency`", &["key", "limit", "max_queued"]);
    let max_queued = match max_queued {
        None => None,
        Some(count) => Some(count?),
    };
    Some(Concurrency { limit: limit?, max_queued, key })
}

fn rate(at: &At<'_>, compiler: &mut Compiler, problems: &mut Problems) -> Option<Rate> {
    let hint = "write `rate: {limit: 10, per_s: 60}`: ten starts a minute";
    let mut fields = map(at, "rate", hint, problems)?;
    let key = key(&mut fields, compiler, problems);
    let per_ms = match fields.take("per_s") {
        None => Some(1000),
        Some(at) => {
            number::milliseconds(&at, "per_s", MAX_PER_S, &format!("a number above 0, at most {MAX_PER_S}"), problems)
        }
    };
    let limit = limit(&mut fields, "rate", hint, problems);
    fields.warn_rest(problems, "`rate`", RATE);
    Some(Rate { limit: limit?, per_ms: per_ms?, key })
}

fn map<'a>(at: &At<'a>, name: &str, hint: &str, problems: &mut Problems) -> Option<Fields<'a>> {
    let fields = at.fields();
    if fields.is_none() {
        at.wrong_type(problems, &format!("`{name}` must be a map"), hint);
    }
    fields
}

fn limit(fields: &mut Fields<'_>, name: &str, hint: &str, problems: &mut Problems) -> Option<u32> {
    match fields.take("limit") {
        Some(at) => number::count(&at, "limit", problems),
        None => {
            fields.missing(problems, "limit", &format!("`{name}`"), hint);
            None
        }
    }
}

fn key(fields: &mut Fields<'_>, compiler: &mut Compiler, problems: &mut Problems) -> Option<Template> {
    let at = fields.take("key")?;
    if at.text().is_none() {
        at.wrong_type(problems, "`key` must be text", "write `key: \"{{ workload.customer }}\"`");
        return None;
    }
    Some(compiler.template(&at, "", problems))
}

fn priority(at: &At<'_>, problems: &mut Problems) -> i32 {
    let whole = at.json().as_i64().and_then(|n| i32::try_from(n).ok());
    whole.filter(|n| (-PRIORITY..=PRIORITY).contains(n)).unwrap_or_else(|| {
        let hint = format!("a whole number from -{PRIORITY} to {PRIORITY}; 0 is usual, higher goes first");
        at.error(problems, "bad_value", "`priority` must be a whole number", hint);
        0
    })
}
