//! The action of a step or workbook entry.

use super::{
    at::{At, Fields, texts, unknown_field},
    auth,
    compile::Compiler,
    encoded, foreign,
    limits::{DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_S},
    number, retry, step,
    types::{self, ActionType, StepType},
    workbook::Workbook,
};
use crate::playbook::{
    model::{Action, PLAYBOOK},
    problems::Problems,
    suggest,
    template::Template,
};
use serde_json::Value;

/// The names of a step's own inputs; several are merged in this order.
const INPUTS: &[&str] = &["with", "input", "args", "data"];
pub(super) const ASSERTS: &[&str] = &["expects", "returns"];

/// Reads the fields of the action a `type` names; the second value is its own data. `None` when no task is done by
/// such a type.
pub(super) fn of_type(
    type_at: &At<'_>,
    fields: &mut Fields<'_>,
    base: &str,
    compiler: &mut Compiler,
    problems: &mut Problems,
) -> Option<(Action, Option<Template>)> {
    let word = type_at.text()?;
    match types::step_type(word) {
        StepType::Action(of) => {
            if !of.is_offered {
                foreign::warn(word, type_at, problems);
            }
            Some(read(of, fields, base, compiler, problems))
        }
        StepType::Foreign => Some(foreign::read(type_at, word, fields, base, compiler, problems)),
        _ => None,
    }
}

/// Reads the fields of an action of a known type; the second value is the step's own data.
fn read(
    of: &'static ActionType,
    fields: &mut Fields<'_>,
    base: &str,
    compiler: &mut Compiler,
    problems: &mut Problems,
) -> (Action, Option<Template>) {
    // A child takes as long as it takes: it may wait for people.
    let timeout_ms = match of.protocol {
        PLAYBOOK => seconds(fields, "timeout_s", problems).unwrap_or(0),
        _ => timeout(fields, problems),
    };
    let heartbeat_ms = seconds(fields, "heartbeat_s", problems);
    let retry = retry::read(fields, base, compiler, problems);
    let (expects, returns) = asserts(fields, problems);
    // An http step's `data` is its query or body, and its input too when it is a map. `args` is an older word for it.
    let body = fields.peek("data").or_else(|| fields.peek("args")).filter(|_| of.optional.contains(&"data"));
    let data = own_data(fields, body.is_some(), base, compiler, problems);
    exactly_one(of, fields, problems);
    let mut config: Vec<(String, Template)> = Vec::new();
    if let Some(at) = fields.take("auth").filter(|_| of.optional.contains(&"auth")) {
        config.extend(auth::read(&at, base, compiler, problems).map(|auth| ("auth".to_owned(), auth)));
    } else if let Some(at) = fields.peek("auth") {
        let place = fields.key_place("auth").unwrap_or(at.place());
        let message = format!("`auth` is not used by {}", of.protocol);
        problems.warning("unknown_field", place, &at.pointer, message, Some("leave it out".into()));
    }
    if let Some(at) = body {
        config.push(("data".to_owned(), compiler.template(&at, base, problems)));
    }
    let known: Vec<&str> = [of.one_of, of.optional, step::COMMON].concat();
    for (key, at) in fields.rest() {
        if !of.one_of.contains(&key.text.as_str()) && !of.optional.contains(&key.text.as_str()) {
            unknown_field(problems, key, &at.pointer, &format!("a {} step", of.protocol), &known);
        }
        if at.node.is_null() {
            continue;
        }
        if let Some((_, becomes)) = of.encoded.iter().find(|(name, _)| *name == key.text) {
            let decoded = encoded::read(&at, base, compiler, problems);
            config.extend(decoded.map(|template| ((*becomes).to_owned(), template)));
            continue;
        }
        let verbatim = of.verbatim.contains(&key.text.as_str());
        let template = if verbatim { verbatim_text(&at, problems) } else { compiler.template(&at, base, problems) };
        config.push((key.text.clone(), template));
    }
    check_method(&config, fields, problems);
    let config = Template::of_map(config);
    let protocol = of.protocol.to_owned();
    (Action { protocol, config, defaults: None, expects, returns, timeout_ms, heartbeat_ms, retry }, data)
}

/// A `workbook` step: the entry's action, called with the step's data.
pub(super) fn from_workbook(
    workbook: &Workbook,
    fields: &mut Fields<'_>,
    base: &str,
    compiler: &mut Compiler,
    problems: &mut Problems,
) -> (Option<Action>, Option<Template>) {
    let timeout_ms = seconds(fields, "timeout_s", problems);
    let heartbeat_ms = seconds(fields, "heartbeat_s", problems);
    let has_retry = fields.peek("retry").is_some();
    let retry = retry::read(fields, base, compiler, problems);
    let (expects, returns) = asserts(fields, problems);
    let data = own_data(fields, false, base, compiler, problems);
    let at = fields.peek("name");
    let action = match fields.text(problems, "name") {
        Some(name) => workbook.action(name, compiler, problems, at.as_ref()),
        None if at.is_some() => None,
        None => {
            fields.missing(
                problems,
                "name",
                "a workbook step",
                "say which entry of `workbook` it runs: `name: compute_flag`",
            );
            None
        }
    };
    for (key, at) in fields.rest() {
        unknown_field(problems, key, &at.pointer, "a workbook step", step::COMMON);
    }
    let action = action.map(|mut action| {
        action.expects.extend(expects);
        action.returns.extend(returns);
        action.timeout_ms = timeout_ms.unwrap_or(action.timeout_ms);
        action.heartbeat_ms = heartbeat_ms.or(action.heartbeat_ms);
        if has_retry {
            action.retry = retry;
        }
        action
    });
    (action, data)
}

/// Why a workbook entry was not found.
pub(super) fn unknown_entry<'a>(
    name: &str,
    at: Option<&At<'_>>,
    names: impl Iterator<Item = &'a str> + Clone,
    problems: &mut Problems,
) {
    if let Some(at) = at {
        let hint = suggest::hint(name, names).unwrap_or_else(|| "add it to the list `workbook`".to_owned());
        at.error(problems, "unknown_workbook_entry", format!("the workbook has no entry `{name}`"), hint);
    }
}

/// The step's own inputs. With `any_data`, a `data` that is no map is left to the action.
pub(super) fn own_data(
    fields: &mut Fields<'_>,
    any_data: bool,
    base: &str,
    compiler: &mut Compiler,
    problems: &mut Problems,
) -> Option<Template> {
    let mut parts: Vec<Template> = Vec::new();
    for name in INPUTS {
        let Some(at) = fields.take(name) else { continue };
        if any_data && *name == "data" && at.fields().is_none() {
            continue;
        }
        parts.extend(compiler.map(&at, base, problems, name));
    }
    merge(parts)
}

/// One map out of several; whole expressions among them are merged when they are rendered.
pub(super) fn merge(mut parts: Vec<Template>) -> Option<Template> {
    match parts.len() {
        0 | 1 => parts.pop(),
        _ => Some(Template::Merged(parts)),
    }
}

fn exactly_one(of: &ActionType, fields: &Fields<'_>, problems: &mut Problems) {
    let there: Vec<(&str, At<'_>)> = of.one_of.iter().filter_map(|name| Some((*name, fields.left(name)?))).collect();
    let names: Vec<String> = of.one_of.iter().map(|name| format!("`{name}`")).collect();
    match there.as_slice() {
        [] if of.one_of.is_empty() => {}
        [] => {
            let message = format!("a {} step needs {}", of.protocol, names.join(" or "));
            problems.error("missing_field", fields.place(), &fields.pointer, message, Some(of.example.into()));
        }
        [_] => {}
        [_, rest @ ..] => {
            for (name, at) in rest {
                let place = fields.key_place(name).unwrap_or(at.place());
                let message = format!("`{name}` beside `{}`: only one of them can be used", there[0].0);
                problems.error("conflicting_fields", place, &at.pointer, message, Some("keep one of them".into()));
            }
        }
    }
}

pub(super) fn verbatim_text(at: &At<'_>, problems: &mut Problems) -> Template {
    match at.text() {
        Some(text) => Template::fixed(Value::String(text.to_owned())),
        None => {
            at.wrong_type(problems, "the code must be text", "write `code: |` and the code below it, indented");
            Template::fixed(Value::Null)
        }
    }
}

fn check_method(config: &[(String, Template)], fields: &Fields<'_>, problems: &mut Problems) {
    const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    let Some((_, Template::Fixed(method))) = config.iter().find(|(name, _)| name == "method") else { return };
    let known = method.as_str().is_some_and(|method| METHODS.contains(&method.to_uppercase().as_str()));
    if let Some(at) = fields.peek("method").filter(|_| !known) {
        at.error(
            problems,
            "bad_value",
            format!("{method} is not an HTTP method"),
            format!("one of {}", METHODS.join(", ")),
        );
    }
}

pub(super) fn timeout(fields: &mut Fields<'_>, problems: &mut Problems) -> u64 {
    seconds(fields, "timeout_s", problems).unwrap_or(DEFAULT_TIMEOUT_MS)
}

/// A field in seconds, as milliseconds.
pub(super) fn seconds(fields: &mut Fields<'_>, name: &str, problems: &mut Problems) -> Option<u64> {
    let at = fields.take(name)?;
    let hint = format!("a number above 0 and at most {MAX_TIMEOUT_S}");
    number::milliseconds(&at, name, MAX_TIMEOUT_S, &hint, problems)
}

pub(super) fn asserts(fields: &mut Fields<'_>, problems: &mut Problems) -> (Vec<String>, Vec<String>) {
    let Some(at) = fields.take("assert") else { return (Vec::new(), Vec::new()) };
    let Some(mut inner) = at.fields() else {
        at.wrong_type(
            problems,
            "`assert` must be a map",
            "write `assert:` with `expects: [a]` and `returns: [b]` below it",
        );
        return (Vec::new(), Vec::new());
    };
    let mut list = |name: &str| inner.take(name).map_or_else(Vec::new, |at| texts(&at, problems, name));
    let lists = (list("expects"), list("returns"));
    inner.warn_rest(problems, "`assert`", ASSERTS);
    lists
}
