//! The step types: which this version runs, which the dialect knows besides, and the fields of each.

/// What a `type` means here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepType {
    Control,
    Workbook,
    Action(&'static ActionType),
    /// Known to the dialect, not run by this version.
    Unsupported,
    Unknown,
}

/// A protocol and the fields of its steps.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ActionType {
    pub(super) protocol: &'static str,
    /// Groups of fields of which exactly one must be there.
    pub(super) one_of: &'static [&'static str],
    pub(super) optional: &'static [&'static str],
    /// Fields that are never templates.
    pub(super) verbatim: &'static [&'static str],
}

const PYTHON: ActionType = ActionType {
    protocol: "python",
    one_of: &["code", "code_b64", "code_base64"],
    optional: &[],
    verbatim: &["code", "code_b64", "code_base64"],
};
const HTTP: ActionType = ActionType {
    protocol: "http",
    one_of: &["endpoint", "url"],
    optional: &["method", "headers", "params", "payload", "body", "data", "timeout"],
    verbatim: &[],
};
const SQLITE: ActionType = ActionType {
    protocol: "sqlite",
    one_of: &["command", "commands", "sql"],
    optional: &["database", "file", "params", "parameters"],
    verbatim: &[],
};
const NOOP: ActionType = ActionType { protocol: "noop", one_of: &[], optional: &[], verbatim: &[] };

const ACTIONS: &[&ActionType] = &[&PYTHON, &HTTP, &SQLITE, &NOOP];
const CONTROL: &[&str] = &["start", "end", "route", "router"];
const UNSUPPORTED: &[&str] = &[
    "iterator",
    "playbook",
    "postgres",
    "duckdb",
    "snowflake",
    "secrets",
    "save",
    "wait",
    "approval",
    "agent",
    "remember",
    "recall",
    "script",
    "llm",
    "mcp",
];

pub(super) fn step_type(word: &str) -> StepType {
    if CONTROL.contains(&word) {
        return StepType::Control;
    }
    if word == "workbook" {
        return StepType::Workbook;
    }
    if let Some(action) = ACTIONS.iter().find(|action| action.protocol == word) {
        return StepType::Action(action);
    }
    if UNSUPPORTED.contains(&word) { StepType::Unsupported } else { StepType::Unknown }
}

/// The types a step can have in this version.
pub(super) fn supported() -> impl Iterator<Item = &'static str> + Clone {
    ACTIONS.iter().map(|action| action.protocol).chain(["workbook"]).chain(CONTROL.iter().copied())
}
