//! `auth`: the credentials a task is handed out with, by name. Never a secret itself.

use super::{
    at::{At, Fields},
    compile::Compiler,
};
use crate::playbook::{problems::Problems, template::Template};

const HINT: &str = "write `auth: NAME` with the name of a stored credential, or a map of aliases: \
                    `auth: {source: NAME, target: OTHER}`";
/// The dialect's words for a credential's name, and what it says of it besides: the credential knows that itself.
const NAMES: &[&str] = &["credential", "key", "name"];
const ABOUT: &[&str] = &["type", "source", "scope", "service", "description"];
const INLINE: &[&str] = &["inline", "env"];

/// A name, a map from aliases to names, or one expression that yields either. `None` when it is wrong (and reported).
pub(super) fn read(at: &At<'_>, base: &str, compiler: &mut Compiler, problems: &mut Problems) -> Option<Template> {
    if at.text().is_some() {
        return Some(compiler.template(at, base, problems));
    }
    let Some(fields) = at.fields() else {
        at.wrong_type(problems, "`auth` must be a name or a map", HINT);
        return None;
    };
    let is_one = ["credential", "key", "type"].iter().chain(INLINE).any(|name| fields.peek(name).is_some());
    if is_one {
        return reference(at, fields, base, compiler, problems);
    }
    let mut aliases = Vec::new();
    for (key, at) in fields.rest() {
        let name = match at.fields() {
            Some(fields) => reference(&at, fields, base, compiler, problems)?,
            None if at.text().is_some() => compiler.template(&at, base, problems),
            None => {
                at.wrong_type(problems, "a credential is named by text", HINT);
                return None;
            }
        };
        aliases.push((key.text.clone(), name));
    }
    if aliases.is_empty() {
        at.error(problems, "missing_field", "`auth` names no credential", HINT);
        return None;
    }
    Some(Template::of_map(aliases))
}

/// `{type: postgres, credential: pg}`: the name.
fn reference(
    at: &At<'_>,
    mut fields: Fields<'_>,
    base: &str,
    compiler: &mut Compiler,
    problems: &mut Problems,
) -> Option<Template> {
    if let Some(inline) = INLINE.iter().find_map(|name| fields.peek(name)) {
        let message = "a secret that a playbook brings along is in its source, its tasks and their history";
        let hint = "store it: `signalbox credentials set NAME`, and write `auth: NAME`";
        inline.warning(problems, "auth_inline", message, hint);
        return Some(compiler.template(at, base, problems));
    }
    let named = NAMES.iter().find_map(|name| fields.take(name));
    for name in ABOUT {
        fields.take(name);
    }
    fields.warn_rest(problems, "`auth`", &[NAMES, ABOUT].concat());
    let Some(named) = named else {
        at.error(problems, "missing_field", "`auth` names no credential", HINT);
        return None;
    };
    if named.text().is_none() {
        named.wrong_type(problems, "a credential is named by text", HINT);
        return None;
    }
    Some(compiler.template(&named, base, problems))
}
