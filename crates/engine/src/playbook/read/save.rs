//! `save: event_log`.

use super::{at::At, compile::Compiler};
use crate::playbook::{problems::Problems, suggest, template::Template};
use serde_json::Value;

/// Storages of later versions.
const UNSUPPORTED: &[&str] = &["postgres", "sqlite", "duckdb", "http", "python", "snowflake"];
const HINT: &str = "write `save:` with `storage: event_log` and `data:` below it";

/// What is saved; `None` when the save is wrong (and reported).
pub(super) fn read(at: &At<'_>, base: &str, compiler: &mut Compiler, problems: &mut Problems) -> Option<Template> {
    if let Some(storage) = at.text() {
        check(storage, at, problems);
        return Some(Template::fixed(Value::Null));
    }
    let Some(mut fields) = at.fields() else {
        at.wrong_type(problems, "`save` must be a map", HINT);
        return None;
    };
    let mut data = None;
    match fields.take("storage").or_else(|| fields.take("type")) {
        None => fields.missing(problems, "storage", "`save`", HINT),
        Some(at) => match (at.text(), at.fields()) {
            (Some(storage), _) => check(storage, &at, problems),
            (None, Some(mut nested)) => match nested.take("type") {
                Some(of) => {
                    check(of.text().unwrap_or_default(), &of, problems);
                    data = nested.take("data").or_else(|| nested.take("args"));
                }
                None => nested.missing(problems, "type", "`storage`", HINT),
            },
            (None, None) => at.wrong_type(problems, "`storage` must be text", HINT),
        },
    }
    fields.take("type");
    let data = data.or_else(|| fields.take("data")).or_else(|| fields.take("args"));
    // What other storages need; that they are not supported is told once, above.
    for name in ["auth", "table", "mode", "key"] {
        fields.take(name);
    }
    let known = ["storage", "type", "data", "args"];
    fields.warn_rest(problems, "`save`", &known);
    Some(data.map_or_else(|| Template::fixed(Value::Null), |at| compiler.template(&at, base, problems)))
}

fn check(storage: &str, at: &At<'_>, problems: &mut Problems) {
    // `event` is what some public playbooks call it.
    if matches!(storage, "event_log" | "event") {
        return;
    }
    if UNSUPPORTED.contains(&storage) {
        let hint = "use `event_log`, or a step of that type after this one";
        return at.error(problems, "unsupported_storage", format!("storage `{storage}` is not supported yet"), hint);
    }
    let known: Vec<&str> = ["event_log"].into_iter().chain(UNSUPPORTED.iter().copied()).collect();
    let hint =
        suggest::nearest(storage, known).map_or_else(|| HINT.to_owned(), |near| format!("did you mean `{near}`?"));
    at.error(problems, "unknown_storage", format!("there is no storage `{storage}`"), hint);
}
