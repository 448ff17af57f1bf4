//! `webhook`.

use super::{
    at::At,
    compile::Compiler,
    schedule::{NAME_HINT, is_name},
};
use crate::playbook::{problems::Problems, triggers::Webhook};

pub(super) const KNOWN: &[&str] = &["name", "path", "secret", "input"];
const HINT: &str = "write `webhook: {name: orders, secret: orders_hook}`; `secret` names a credential";

pub(super) fn read(at: &At<'_>, compiler: &mut Compiler, problems: &mut Problems) -> Option<Webhook> {
    let check = |at: &At<'_>, name: &str, problems: &mut Problems| {
        let fits = name.split('/').all(is_name);
        if !fits {
            at.error(problems, "bad_name", "this name cannot stand in a webhook's URL", NAME_HINT);
        }
        fits.then(|| name.to_owned())
    };
    // `webhook: orders`
    if let Some(name) = at.text() {
        return Some(Webhook { name: check(at, name, problems)?, secret: None, input: None });
    }
    let Some(mut fields) = at.fields() else {
        at.wrong_type(problems, "`webhook` must be a map", HINT);
        return None;
    };
    let name_at = fields.peek("name").or_else(|| fields.peek("path"));
    let both = (fields.text(problems, "name"), fields.text(problems, "path"));
    let name = match (both.0.or(both.1), &name_at) {
        (Some(name), Some(at)) => check(at, name, problems),
        (None, None) => {
            fields.missing(problems, "name", "`webhook`", HINT);
            None
        }
        _ => None,
    };
    let secret = fields.text(problems, "secret").map(str::to_owned);
    let input = fields.take("input").and_then(|at| compiler.map(&at, "", problems, "input"));
    fields.warn_rest(problems, "`webhook`", KNOWN);
    Some(Webhook { name: name?, secret, input })
}
