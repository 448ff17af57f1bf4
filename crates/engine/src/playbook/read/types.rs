//! The step types: those with fields this page knows, and those that only a provider knows.

/// What a `type` means here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepType {
    Control,
    Workbook,
    Iterator,
    Save,
    Wait,
    Approval,
    Action(&'static ActionType),
    /// Of no type that is known here: whoever offers it knows its fields.
    Foreign,
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
    /// Fields whose text is base64: what they hold is read as if it stood in the second field.
    pub(super) encoded: &'static [(&'static str, &'static str)],
    /// How `one_of` is written.
    pub(super) example: &'static str,
    /// A provider of it comes with this program.
    pub(super) is_offered: bool,
}

const NONE: ActionType =
    ActionType { protocol: "", one_of: &[], optional: &[], verbatim: &[], encoded: &[], example: "", is_offered: true };
const PYTHON: ActionType = ActionType {
    protocol: "python",
    one_of: &["code", "code_b64", "code_base64"],
    optional: &["auth"],
    verbatim: &["code", "code_b64", "code_base64"],
    example: "write `code: |` with `def main(…):` below it",
    ..NONE
};
const HTTP: ActionType = ActionType {
    protocol: "http",
    one_of: &["endpoint", "url"],
    optional: &["method", "headers", "params", "payload", "body", "data", "timeout", "auth"],
    example: "write `endpoint: https://…`",
    ..NONE
};
const SQLITE: ActionType = ActionType {
    protocol: "sqlite",
    one_of: &["command", "commands", "sql"],
    optional: &["database", "file", "params", "parameters"],
    example: SQL_EXAMPLE,
    ..NONE
};
const POSTGRES: ActionType = ActionType {
    protocol: "postgres",
    one_of: &["command", "commands", "sql", "command_b64", "commands_b64"],
    optional: &["auth", "params", "parameters", "database", "schema"],
    encoded: SQL_ENCODED,
    example: SQL_EXAMPLE,
    ..NONE
};
const DUCKDB: ActionType = ActionType {
    protocol: "duckdb",
    one_of: &["command", "commands", "sql", "command_b64", "commands_b64"],
    optional: &["auth", "params", "parameters", "database", "file"],
    encoded: SQL_ENCODED,
    example: SQL_EXAMPLE,
    is_offered: false,
    ..NONE
};
const SNOWFLAKE: ActionType = ActionType {
    protocol: "snowflake",
    one_of: &["command", "commands", "sql", "command_b64", "commands_b64"],
    optional: &["auth", "params", "parameters", "database", "schema", "account", "warehouse", "role"],
    encoded: SQL_ENCODED,
    example: SQL_EXAMPLE,
    is_offered: false,
    ..NONE
};
const SECRETS: ActionType = ActionType {
    protocol: "secrets",
    one_of: &["name", "names", "key", "keys", "secret_name"],
    optional: &["provider", "auth", "project_id", "version", "default"],
    example: "write `provider: env` and `name: API_TOKEN`",
    ..NONE
};
const PLAYBOOK: ActionType = ActionType {
    protocol: super::super::PLAYBOOK,
    one_of: &["path"],
    optional: &["version", "return_step"],
    example: "write `path: folder/name`, the catalog path of the playbook it runs",
    ..NONE
};
const NOOP: ActionType = ActionType { protocol: "noop", ..NONE };

const SQL_ENCODED: &[(&str, &str)] = &[("command_b64", "command"), ("commands_b64", "commands")];
const SQL_EXAMPLE: &str = "write `command: SELECT …`";

const ACTIONS: &[&ActionType] = &[&PYTHON, &HTTP, &SQLITE, &POSTGRES, &DUCKDB, &SNOWFLAKE, &SECRETS, &PLAYBOOK, &NOOP];
const CONTROL: &[&str] = &["start", "end", "route", "router"];

pub(super) fn step_type(word: &str) -> StepType {
    if CONTROL.contains(&word) {
        return StepType::Control;
    }
    match word {
        "workbook" => return StepType::Workbook,
        "iterator" => return StepType::Iterator,
        "save" => return StepType::Save,
        "wait" => return StepType::Wait,
        "approval" => return StepType::Approval,
        _ => {}
    }
    ACTIONS.iter().find(|action| action.protocol == word).map_or(StepType::Foreign, |action| StepType::Action(action))
}

/// The types this page knows.
pub(super) fn known() -> impl Iterator<Item = &'static str> + Clone {
    actions().chain(["workbook", "iterator", "save", "wait", "approval"]).chain(CONTROL.iter().copied())
}

/// Those of them that a provider runs.
pub(super) fn actions() -> impl Iterator<Item = &'static str> + Clone {
    ACTIONS.iter().map(|action| action.protocol)
}
