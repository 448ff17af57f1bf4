//! The workbook: actions that steps refer to by name.

use super::{
    action,
    at::At,
    compile::Compiler,
    limits::MAX_NAME,
    types::{self, StepType},
};
use crate::playbook::{model::Action, node::Node, problems::Problems, suggest};
use std::{cell::RefCell, collections::HashMap};

/// The entries by name. An entry that was wrong is known, so that steps naming it are not blamed too.
#[derive(Default)]
pub(super) struct Workbook<'a> {
    entries: HashMap<&'a str, Entry<'a>>,
    order: Vec<&'a str>,
}

struct Entry<'a> {
    node: &'a Node,
    pointer: String,
    name_at: At<'a>,
    /// The first reading of it told its problems.
    is_fine: bool,
    used: RefCell<bool>,
}

const HINT: &str = "write `workbook:` with a list of entries: `- name: compute_flag` and its `type` and fields";

pub(super) fn read<'a>(at: Option<At<'a>>, compiler: &mut Compiler, problems: &mut Problems) -> Workbook<'a> {
    let mut workbook = Workbook::default();
    let Some(at) = at else { return workbook };
    let Some(items) = at.items() else {
        at.wrong_type(problems, "`workbook` must be a list", HINT);
        return workbook;
    };
    for item in items {
        let Some(mut fields) = item.fields() else {
            item.wrong_type(problems, "a workbook entry must be a map", HINT);
            continue;
        };
        let Some(name_at) = fields.peek("name") else {
            fields.missing(problems, "name", "a workbook entry", "steps call it by its name: `- name: compute_flag`");
            continue;
        };
        let Some(name) = fields.text(problems, "name") else { continue };
        if name.is_empty() || name.chars().count() > MAX_NAME {
            name_at.error(problems, "bad_name", "this name cannot be used", format!("1 to {MAX_NAME} characters"));
            continue;
        }
        if workbook.entries.contains_key(name) {
            let message = format!("workbook entry `{name}` is there twice");
            name_at.error(problems, "duplicate_workbook_entry", message, "give each entry a name of its own");
            continue;
        }
        let is_fine = read_action(item.node, &item.pointer, compiler, problems).is_some();
        workbook.order.push(name);
        workbook.entries.insert(
            name,
            Entry { node: item.node, pointer: item.pointer, name_at, is_fine, used: RefCell::new(false) },
        );
    }
    workbook
}

impl Workbook<'_> {
    /// The action of an entry, read anew for the step that uses it (its problems were told when it was first read).
    pub(super) fn action(
        &self,
        name: &str,
        compiler: &mut Compiler,
        problems: &mut Problems,
        at: Option<&At<'_>>,
    ) -> Option<Action> {
        let Some(entry) = self.entries.get(name) else {
            action::unknown_entry(name, at, self.order.iter().copied(), problems);
            return None;
        };
        *entry.used.borrow_mut() = true;
        let mut told = Problems::default();
        entry.is_fine.then(|| read_action(entry.node, &entry.pointer, compiler, &mut told)).flatten()
    }

    pub(super) fn warn_unused(&self, problems: &mut Problems) {
        for name in &self.order {
            let entry = &self.entries[name];
            if !*entry.used.borrow() {
                let hint = format!("run it from a step: `type: workbook` and `name: {name}`");
                entry.name_at.warning(
                    problems,
                    "unused_workbook_entry",
                    format!("no step uses workbook entry `{name}`"),
                    hint,
                );
            }
        }
    }
}

fn read_action(node: &Node, pointer: &str, compiler: &mut Compiler, problems: &mut Problems) -> Option<Action> {
    let item = At { node, pointer: pointer.to_owned() };
    let mut fields = item.fields()?;
    fields.take("name");
    fields.text(problems, "desc");
    fields.text(problems, "description");
    let Some(at) = fields.take("type") else {
        fields.missing(problems, "type", "a workbook entry", "say what it does: `type: python`");
        return None;
    };
    for name in ["next", "save", "result", "join", "mode"] {
        if let Some(at) = fields.take(name) {
            let hint = "put it on the step that runs the entry";
            at.warning(problems, "unknown_field", format!("a workbook entry knows no `{name}`"), hint);
        }
    }
    let Some(word) = at.text() else {
        at.wrong_type(problems, "`type` must be text", "write `type: python`, for example");
        return None;
    };
    match types::step_type(word) {
        StepType::Action(_) | StepType::Foreign => {
            let (mut action, defaults) = action::of_type(&at, &mut fields, pointer, compiler, problems)?;
            action.defaults = defaults;
            Some(action)
        }
        _ => {
            let hint = suggest::hint(word, types::actions()).unwrap_or_default();
            at.error(problems, "unknown_type", format!("a workbook entry cannot be of type `{word}`"), hint);
            None
        }
    }
}
