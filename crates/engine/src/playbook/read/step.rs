//! One step.

use super::{
    action,
    at::{At, Fields},
    compile::Compiler,
    iterate,
    limits::MAX_NAME,
    next, save,
    types::{self, StepType},
    wait,
    workbook::Workbook,
};
use crate::playbook::{
    model::{Join, Step, Work},
    problems::Problems,
};
use std::{collections::BTreeMap, sync::Arc};

/// Fields every step may have.
pub(super) const COMMON: &[&str] = &[
    "step",
    "name",
    "desc",
    "description",
    "type",
    "next",
    "save",
    "timeout_s",
    "heartbeat_s",
    "retry",
    "result",
    "assert",
    "data",
    "with",
    "args",
    "input",
    "join",
    "mode",
    "loop",
];
/// Names that mean something else in expressions.
const RESERVED: &[&str] = &["workload", "work", "context", "execution_id", "result", "this", "error", "data", "loop"];

/// A step whose name is read.
pub(super) struct Draft<'a> {
    pub(super) fields: Fields<'a>,
    /// The step's pointer.
    pub(super) base: String,
}

/// The step's name: `step`, or `name` where that is nothing else.
pub(super) fn name<'a>(draft: &mut Draft<'a>, problems: &mut Problems) -> Option<(&'a str, At<'a>)> {
    let is_workbook = draft.fields.peek("type").is_some_and(|at| at.text() == Some("workbook"));
    let field = if draft.fields.peek("step").is_some() || is_workbook { "step" } else { "name" };
    let Some(at) = draft.fields.peek(field) else {
        draft.fields.missing(problems, "step", "a step", "name it: `- step: fetch_orders`");
        return None;
    };
    let name = draft.fields.text(problems, field)?;
    if name.trim() != name
        || name.is_empty()
        || name.chars().count() > MAX_NAME
        || name.chars().any(|c| c.is_control() || c == '/')
    {
        let hint = format!("1 to {MAX_NAME} characters, no `/`, no line breaks, no spaces around it");
        at.error(problems, "bad_name", "this name cannot be a step's", hint);
        return None;
    }
    if RESERVED.contains(&name) {
        let hint = format!("in expressions `{name}` means something else; call the step `{name}_step`");
        at.warning(problems, "reserved_name", format!("step `{name}` hides behind a name of the language"), hint);
    }
    Some((name, at))
}

pub(super) fn read(
    name: Arc<str>,
    mut draft: Draft<'_>,
    names: &BTreeMap<Arc<str>, usize>,
    workbook: &Workbook,
    compiler: &mut Compiler,
    problems: &mut Problems,
) -> Step {
    let base = draft.base.clone();
    let fields = &mut draft.fields;
    let desc = fields.text(problems, "desc").or(fields.text(problems, "description")).map(str::to_owned);
    let type_at = fields.take("type");
    let word = type_at.as_ref().and_then(At::text);
    let step_type = word.map_or(StepType::Control, types::step_type);
    let next = fields.take("next").map_or_else(Vec::new, |at| next::read(&at, &base, names, compiler, problems));
    let mut save = fields.take("save").and_then(|at| save::read(&at, &base, compiler, problems));
    // Of a type that is not known here `mode` may mean anything; of these two it means something else.
    let join = if step_type == StepType::Foreign { Join::All } else { join(fields, problems) };
    let has_mode = !matches!(step_type, StepType::Foreign | StepType::Iterator | StepType::Save);
    let exclusive = has_mode && exclusive(fields, problems);
    let is_end = name.eq_ignore_ascii_case("end") || word == Some("end");
    let result = fields.peek("result");
    if let Some(at) = &result
        && !is_end
    {
        at.warning(problems, "result_ignored", "`result` is used on an end step only", "move it to the step `end`");
    }
    let result = fields.take("result").filter(|_| is_end).map(|at| compiler.template(&at, &base, problems));

    let is_action = matches!(step_type, StepType::Action(_) | StepType::Foreign | StepType::Workbook);
    let looped = fields.peek("loop").filter(|_| is_action).and_then(|_| fields.take("loop"));
    let (work, data) = match step_type {
        StepType::Action(_) | StepType::Foreign | StepType::Workbook => {
            let (action, data) = if step_type == StepType::Workbook {
                action::from_workbook(workbook, fields, &base, compiler, problems)
            } else {
                let read = type_at.as_ref().and_then(|at| action::of_type(at, fields, &base, compiler, problems));
                read.map_or((None, None), |(action, data)| (Some(action), data))
            };
            iterate::retry_saves(&mut save, action.as_ref().and_then(|action| action.retry.as_ref()));
            match (action, looped) {
                (None, _) => (Work::Control, data),
                (Some(action), None) => (Work::Action(Box::new(action)), data),
                (Some(action), Some(at)) => {
                    let iterate = iterate::of_loop(&at, action, data, &base, compiler, problems);
                    (iterate.map_or(Work::Control, |iterate| Work::Iterator(Box::new(iterate))), None)
                }
            }
        }
        StepType::Iterator => {
            let (iterate, data) = iterate::read(fields, &base, workbook, compiler, problems);
            (iterate.map_or(Work::Control, |iterate| Work::Iterator(Box::new(iterate))), data)
        }
        StepType::Save => {
            let is_inside = save.is_none() && fields.peek("save").is_none();
            let data = if is_inside {
                save = save::of_step(fields, &base, compiler, problems);
                None
            } else {
                action::own_data(fields, false, &base, compiler, problems)
            };
            for (key, at) in fields.rest() {
                super::at::unknown_field(problems, key, &at.pointer, "a save step", COMMON);
            }
            (Work::Save, data)
        }
        StepType::Wait => {
            let (wait, data) = wait::wait(fields, &base, compiler, problems);
            (wait.map_or(Work::Control, |wait| Work::Wait(Box::new(wait))), data)
        }
        StepType::Approval => {
            let (approval, data) = wait::approval(fields, &base, compiler, problems);
            (Work::Approval(Box::new(approval)), data)
        }
        StepType::Control => {
            let data = action::own_data(fields, false, &base, compiler, problems);
            fields.take("timeout_s");
            fields.take("assert");
            control_fields(fields, problems);
            (if save.is_some() { Work::Save } else { Work::Control }, data)
        }
    };
    if let Some(at) = type_at.filter(|at| at.text().is_none()) {
        at.wrong_type(problems, "`type` must be text", "write `type: python`, for example");
    }
    Step { name, desc, work, data, next, save, result, join, exclusive, is_end }
}

/// What is left of a control step; fields of an action mean that its type was forgotten.
fn control_fields(fields: &Fields<'_>, problems: &mut Problems) {
    for (key, at) in fields.rest() {
        let field = key.text.as_str();
        let of = types::actions().find(|name| match types::step_type(name) {
            StepType::Action(action) => action.one_of.contains(&field),
            _ => false,
        });
        match of {
            Some(of) => {
                let hint = format!("add `type: {of}`, or remove it");
                let message = format!("a step without type does nothing with `{field}`");
                problems.warning("unknown_field", key.place, &at.pointer, message, Some(hint));
            }
            None => super::at::unknown_field(problems, key, &at.pointer, "a control step", COMMON),
        }
    }
}

fn join(fields: &mut Fields<'_>, problems: &mut Problems) -> Join {
    let Some(at) = fields.take("join") else { return Join::All };
    match at.text() {
        Some("any") => Join::Any,
        Some("all") => Join::All,
        _ => {
            at.error(
                problems,
                "bad_value",
                "`join` is `all` or `any`",
                "`any` runs the step at each arrival; leave it out for `all`",
            );
            Join::All
        }
    }
}

fn exclusive(fields: &mut Fields<'_>, problems: &mut Problems) -> bool {
    let Some(at) = fields.take("mode") else { return false };
    match at.text() {
        Some("exclusive") => true,
        Some("inclusive") => false,
        _ => {
            let hint = "`exclusive` takes the first arc that matches; leave it out to take all that match";
            at.error(problems, "bad_value", "`mode` is `inclusive` or `exclusive`", hint);
            false
        }
    }
}
