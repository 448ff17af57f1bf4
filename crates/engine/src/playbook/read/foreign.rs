//! Steps of a type that is known to nobody here: some provider may join that offers it.

use super::{
    action,
    at::{At, Fields},
    auth,
    compile::Compiler,
    limits::MAX_NAME,
    retry, types,
};
use crate::playbook::{model::Action, problems::Problems, suggest, template::Template};

/// Tells that a step of this type waits until somebody joins who runs it.
pub(super) fn warn(word: &str, at: &At<'_>, problems: &mut Problems) {
    let here: Vec<String> = types::actions().map(|name| format!("`{name}`")).collect();
    let hint = format!("known types are {}; a misspelled one waits for ever", here.join(", "));
    at.warning(
        problems,
        "no_provider",
        format!("no provider here offers type `{word}`; the task waits until one joins"),
        hint,
    );
}

/// Every field but those that all steps have is the provider's.
pub(super) fn read(
    type_at: &At<'_>,
    word: &str,
    fields: &mut Fields<'_>,
    base: &str,
    compiler: &mut Compiler,
    problems: &mut Problems,
) -> (Action, Option<Template>) {
    check(word, type_at, problems);
    let timeout_ms = action::timeout(fields, problems);
    let heartbeat_ms = action::seconds(fields, "heartbeat_s", problems);
    let retry = retry::read(fields, base, compiler, problems);
    let (expects, returns) = action::asserts(fields, problems);
    let data = action::own_data(fields, false, base, compiler, problems);
    let mut config: Vec<(String, Template)> = Vec::new();
    if let Some(at) = fields.take("auth") {
        config.extend(auth::read(&at, base, compiler, problems).map(|auth| ("auth".to_owned(), auth)));
    }
    for (key, at) in fields.rest() {
        if !at.node.is_null() {
            config.push((key.text.clone(), compiler.template(&at, base, problems)));
        }
    }
    let (protocol, config) = (word.to_owned(), Template::of_map(config));
    (Action { protocol, config, defaults: None, expects, returns, timeout_ms, heartbeat_ms, retry }, data)
}

/// A slip of a known type is an error: nobody will ever offer `pyton`.
fn check(word: &str, at: &At<'_>, problems: &mut Problems) {
    let fits = !word.is_empty()
        && word.chars().count() <= MAX_NAME
        && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '@'));
    let near = suggest::nearest(word, types::known());
    match near {
        Some(near) => {
            at.error(problems, "unknown_type", format!("there is no type `{word}`"), format!("did you mean `{near}`?"))
        }
        None if !fits => {
            let hint = "letters, digits, `_`, `-`, `.` and `@`";
            at.error(problems, "unknown_type", "a type cannot be called that", hint);
        }
        None => warn(word, at, problems),
    }
}
