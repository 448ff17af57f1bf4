//! `save`: what of a step is put elsewhere, and where.

use super::{
    action,
    at::{At, Fields},
    auth,
    compile::Compiler,
    foreign, retry,
};
use crate::playbook::{
    model::Action,
    problems::Problems,
    save::{Save, SaveTask},
    suggest,
    template::Template,
};
use serde_json::Value;

/// A storage that a provider writes to.
struct Storage {
    protocol: &'static str,
    /// One of these must be there.
    one_of: &'static [&'static str],
    /// Fields of what is saved: how, and by what.
    inner: &'static [&'static str],
    /// Fields of the provider.
    outer: &'static [&'static str],
    example: &'static str,
    is_offered: bool,
}

const TABLE: &[&str] = &["table", "statement", "command", "sql"];
const ROWS: &[&str] = &["table", "mode", "key", "keys", "key_cols", "statement", "command", "sql"];
const TABLE_HINT: &str = "write `table: NAME`, or a `statement`";
const STORAGES: &[Storage] = &[
    Storage {
        protocol: "postgres",
        one_of: TABLE,
        inner: ROWS,
        outer: &["database", "schema"],
        example: TABLE_HINT,
        is_offered: true,
    },
    Storage {
        protocol: "sqlite",
        one_of: TABLE,
        inner: ROWS,
        outer: &["database", "file"],
        example: TABLE_HINT,
        is_offered: true,
    },
    Storage {
        protocol: "duckdb",
        one_of: TABLE,
        inner: ROWS,
        outer: &["database", "file"],
        example: TABLE_HINT,
        is_offered: false,
    },
    Storage {
        protocol: "snowflake",
        one_of: TABLE,
        inner: ROWS,
        outer: &["database", "schema", "account", "warehouse", "role"],
        example: TABLE_HINT,
        is_offered: false,
    },
    Storage {
        protocol: "http",
        one_of: &["endpoint", "url"],
        inner: &[],
        outer: &["endpoint", "url", "method", "headers", "params", "timeout"],
        example: "write `endpoint: https://…`",
        is_offered: true,
    },
    Storage {
        protocol: "python",
        one_of: &["code", "code_b64", "code_base64"],
        inner: &[],
        outer: &["code", "code_b64", "code_base64"],
        example: "write `code: |` with `def main(…):` below it",
        is_offered: true,
    },
];
/// `event` is what some public playbooks call it.
pub(super) const LOG: &[&str] = &["event_log", "event"];
const MODES: &[&str] = &["insert", "upsert", "update", "append"];
const VERBATIM: &[&str] = &["code", "code_b64", "code_base64"];
const HINT: &str = "write `save:` with `storage: event_log` and `data:` below it";
/// Fields of every save.
const COMMON: &[&str] = &["storage", "type", "data", "args", "auth", "timeout_s", "retry"];

/// Every field that some save has.
pub(super) fn fields() -> Vec<&'static str> {
    let of_storages = STORAGES.iter().flat_map(|storage| [storage.inner, storage.outer].concat());
    let mut all: Vec<&str> = COMMON.iter().copied().chain(of_storages).chain(["params"]).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// What a `save` says; `None` when it is wrong (and reported).
pub(super) fn read(at: &At<'_>, base: &str, compiler: &mut Compiler, problems: &mut Problems) -> Option<Save> {
    if let Some(word) = at.text() {
        if LOG.contains(&word) {
            return Some(Save::Log(Template::fixed(Value::Null)));
        }
        let storage = storage(word, at, problems)?;
        let message = format!("`save: {word}` does not say where to");
        at.error(problems, "missing_field", message, format!("{}, below `storage: {word}`", storage.example));
        return None;
    }
    let Some(mut fields) = at.fields() else {
        at.wrong_type(problems, "`save` must be a map", HINT);
        return None;
    };
    let read = of_fields(&mut fields, "`save`", base, compiler, problems);
    if let Some((_, known)) = &read {
        fields.warn_rest(problems, "`save`", known);
    }
    read.map(|(save, _)| save)
}

/// The save of a step of `type: save`, whose fields are the step's own.
pub(super) fn of_step(
    fields: &mut Fields<'_>,
    base: &str,
    compiler: &mut Compiler,
    problems: &mut Problems,
) -> Option<Save> {
    of_fields(fields, "a save step", base, compiler, problems).map(|(save, _)| save)
}

/// The save, and the fields it may have.
fn of_fields(
    fields: &mut Fields<'_>,
    what: &str,
    base: &str,
    compiler: &mut Compiler,
    problems: &mut Problems,
) -> Option<(Save, Vec<&'static str>)> {
    let Some(at) = fields.peek("storage").or_else(|| fields.peek("type").filter(|at| at.text() != Some("save"))) else {
        fields.missing(problems, "storage", what, HINT);
        return None;
    };
    fields.take("storage");
    fields.take("type");
    // `storage: {type: postgres, table: …}`: its fields are as good as those beside it.
    let mut nested = at.fields();
    let word_at = match &mut nested {
        None => at,
        Some(nested) => match nested.take("type") {
            Some(of) => of,
            None => {
                nested.missing(problems, "type", "`storage`", HINT);
                return None;
            }
        },
    };
    let Some(word) = word_at.text() else {
        word_at.wrong_type(problems, "`storage` must be text", HINT);
        return None;
    };
    let mut fields = Both { nested, outer: fields };
    if LOG.contains(&word) {
        let data = fields.take("data").or_else(|| fields.take("args"));
        // Of no use here, and in many public playbooks.
        for name in ["auth", "table", "mode", "key"] {
            fields.take(name);
        }
        let data = data.map_or_else(|| Template::fixed(Value::Null), |at| compiler.template(&at, base, problems));
        return Some((Save::Log(data), vec!["storage", "type", "data", "args"]));
    }
    let storage = storage(word, &word_at, problems)?;
    if !storage.is_offered {
        foreign::warn(word, &word_at, problems);
    }
    let task = task(storage, &mut fields, base, compiler, problems);
    Some((Save::Task(Box::new(task)), [COMMON, storage.inner, storage.outer].concat()))
}

fn task(
    storage: &Storage,
    fields: &mut Both<'_, '_>,
    base: &str,
    compiler: &mut Compiler,
    problems: &mut Problems,
) -> SaveTask {
    let data = fields.take("data").or_else(|| fields.take("args"));
    // What is bound to a statement is what is saved.
    let data = data.or_else(|| fields.take("params").filter(|_| !storage.outer.contains(&"params")));
    let data = data.map(|at| compiler.template(&at, base, problems));
    if !storage.one_of.iter().any(|name| fields.peek(name).is_some()) {
        let names: Vec<String> = storage.one_of.iter().take(2).map(|name| format!("`{name}`")).collect();
        let message = format!("a save to {} needs {}", storage.protocol, names.join(" or "));
        fields.outer.missing_one(problems, &message, storage.example);
    }
    check_mode(fields, problems);
    let mut of = |names: &[&str], problems: &mut Problems| {
        let mut entries = Vec::new();
        for name in names {
            let Some(at) = fields.take(name) else { continue };
            let is_verbatim = VERBATIM.contains(name);
            let template =
                if is_verbatim { action::verbatim_text(&at, problems) } else { compiler.template(&at, base, problems) };
            entries.push(((*name).to_owned(), template));
        }
        entries
    };
    let inner = of(storage.inner, problems);
    let mut config = of(storage.outer, problems);
    config.push(("save".to_owned(), Template::of_map(inner)));
    if let Some(at) = fields.take("auth") {
        config.extend(auth::read(&at, base, compiler, problems).map(|auth| ("auth".to_owned(), auth)));
    }
    let timeout_ms = action::timeout(fields.either("timeout_s"), problems);
    let retry = retry::read(fields.either("retry"), base, compiler, problems);
    let action = Action {
        protocol: storage.protocol.to_owned(),
        config: Template::of_map(config),
        defaults: None,
        expects: Vec::new(),
        returns: Vec::new(),
        timeout_ms,
        heartbeat_ms: None,
        retry,
    };
    SaveTask { action, data }
}

fn check_mode(fields: &Both<'_, '_>, problems: &mut Problems) {
    let Some(at) = fields.peek("mode") else { return };
    let Some(mode) = at.text().filter(|mode| !mode.contains("{{")) else { return };
    if !MODES.contains(&mode.to_ascii_lowercase().as_str()) {
        let hint = format!("one of {}", MODES.join(", "));
        return at.error(problems, "bad_value", format!("`{mode}` is no mode of saving"), hint);
    }
    let has_key = ["key", "keys", "key_cols"].iter().any(|name| fields.peek(name).is_some());
    if matches!(mode.to_ascii_lowercase().as_str(), "upsert" | "update") && !has_key {
        let hint = "write `key: id`, or a list of columns";
        at.error(
            problems,
            "missing_field",
            format!("`mode: {mode}` needs the `key` that rows are told apart by"),
            hint,
        );
    }
}

fn storage(word: &str, at: &At<'_>, problems: &mut Problems) -> Option<&'static Storage> {
    let found = STORAGES.iter().find(|storage| storage.protocol == word);
    if found.is_none() {
        let known = LOG.iter().copied().chain(STORAGES.iter().map(|storage| storage.protocol));
        let hint = suggest::nearest(word, known).map_or_else(
            || {
                let all: Vec<String> = STORAGES.iter().map(|storage| format!("`{}`", storage.protocol)).collect();
                format!("`event_log`, {}", all.join(", "))
            },
            |near| format!("did you mean `{near}`?"),
        );
        at.error(problems, "unknown_storage", format!("there is no storage `{word}`"), hint);
    }
    found
}

/// The fields of a nested `storage` map and those beside it.
struct Both<'f, 'a> {
    nested: Option<Fields<'a>>,
    outer: &'f mut Fields<'a>,
}

impl<'a> Both<'_, 'a> {
    fn take(&mut self, name: &str) -> Option<At<'a>> {
        let nested = self.nested.as_mut().and_then(|nested| nested.take(name));
        let outer = self.outer.take(name);
        nested.or(outer)
    }

    fn peek(&self, name: &str) -> Option<At<'a>> {
        self.nested.as_ref().and_then(|nested| nested.peek(name)).or_else(|| self.outer.peek(name))
    }

    /// Those of the two that have this field.
    fn either(&mut self, name: &str) -> &mut Fields<'a> {
        match &mut self.nested {
            Some(nested) if nested.peek(name).is_some() => nested,
            _ => self.outer,
        }
    }
}
