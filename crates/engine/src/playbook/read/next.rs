//! Where a step leads: `next`.

use super::{action, at::At, compile::Compiler};
use crate::playbook::{
    model::{On, Transition},
    problems::Problems,
    suggest,
};
use std::{collections::BTreeMap, sync::Arc};

/// The names of an arc's data; several are merged in this order.
const DATA: &[&str] = &["with", "payload", "input", "args", "data"];
pub(super) const KNOWN: &[&str] = &["step", "when", "with", "payload", "input", "args", "data", "else", "on"];

pub(super) fn read(
    at: &At<'_>,
    base: &str,
    names: &BTreeMap<Arc<str>, usize>,
    compiler: &mut Compiler,
    problems: &mut Problems,
) -> Vec<Transition> {
    let items = match at.items() {
        Some(items) => items,
        None => vec![at.clone()],
    };
    items.iter().filter_map(|item| arc(item, base, names, compiler, problems)).collect()
}

fn arc(
    at: &At<'_>,
    base: &str,
    names: &BTreeMap<Arc<str>, usize>,
    compiler: &mut Compiler,
    problems: &mut Problems,
) -> Option<Transition> {
    if let Some(name) = at.text() {
        let to = target(name, at, names, problems)?;
        return Some(Transition { to, when: None, is_else: false, on: On::Completed, data: None });
    }
    let hint = "write a step's name, or a map with `step`, `when`, `data`";
    let Some(mut fields) = at.fields() else {
        at.wrong_type(problems, "an entry of `next` must be a step's name or a map", hint);
        return None;
    };
    let step_at = fields.peek("step");
    let to = match (fields.text(problems, "step"), step_at) {
        (Some(name), Some(at)) => target(name, &at, names, problems),
        (None, None) => {
            fields.missing(problems, "step", "an entry of `next`", hint);
            None
        }
        _ => None,
    };
    let when = fields.take("when").and_then(|at| compiler.condition(&at, base, problems));
    let is_else = flag(fields.take("else"), problems);
    if let Some(at) = fields.peek("when").filter(|_| is_else) {
        at.error(problems, "conflicting_fields", "an `else` arc has no `when`", "remove one of the two");
    }
    let on = match fields.take("on").map(|at| (at.text(), at)) {
        None | Some((Some("completed"), _)) => On::Completed,
        Some((Some("failed"), _)) => On::Failed,
        Some((Some("cancelled"), _)) => On::Cancelled,
        Some((_, at)) => {
            at.error(
                problems,
                "bad_value",
                "`on` is `failed`, `cancelled` or `completed`",
                "`on: failed` is taken when the step failed, `on: cancelled` when it was cancelled while it ran",
            );
            On::Completed
        }
    };
    let parts = DATA.iter().filter_map(|name| compiler.map(&fields.take(name)?, base, problems, name)).collect();
    let data = action::merge(parts);
    fields.warn_rest(problems, "an entry of `next`", KNOWN);
    Some(Transition { to: to?, when, is_else, on, data })
}

fn flag(at: Option<At<'_>>, problems: &mut Problems) -> bool {
    at.is_some_and(|at| {
        at.json().as_bool().unwrap_or_else(|| {
            at.wrong_type(problems, "`else` is true or false", "write `else: true`");
            false
        })
    })
}

fn target(name: &str, at: &At<'_>, names: &BTreeMap<Arc<str>, usize>, problems: &mut Problems) -> Option<usize> {
    let found = names.get(name).copied();
    if found.is_none() {
        let hint = suggest::hint(name, names.keys().map(|name| &**name)).unwrap_or_default();
        at.error(problems, "unknown_step", format!("there is no step `{name}`"), hint);
    }
    found
}
