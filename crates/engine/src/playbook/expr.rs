//! Expressions: compiled once, when the playbook is parsed; evaluated against a scope.

use super::{complexity, environment::environment, guard};
use crate::context::{self, Misses, Scope};
use minijinja::{Error, ErrorKind};
use serde_json::Value as Json;
use std::sync::Arc;

/// Largest rendered value, in bytes of text.
pub(crate) const MAX_OUTPUT: usize = 8 << 20;

/// One expression, such as `result.n > 3`.
pub(crate) struct Expression(minijinja::Expression<'static, 'static>);

impl Expression {
    /// # Errors
    /// With the byte range of the fault within `source`.
    pub(crate) fn compile(source: &str) -> Result<Self, Error> {
        complexity::check(source, false).map_err(refused)?;
        let compiled = environment().compile_expression_owned(source.to_owned())?;
        let guarded = guard::expression(source).map_err(refused)?;
        if guarded == source {
            return Ok(Self(compiled));
        }
        environment().compile_expression_owned(guarded).map(Self)
    }

    /// The value with its type: a number stays one, a list stays one.
    pub(crate) fn evaluate(&self, scope: &Scope) -> Result<Arc<Json>, String> {
        let (context, misses) = scope.context();
        let value = self.0.eval(context).map_err(|error| cause(&error, &misses))?;
        check(&misses)?;
        context::to_json(&value, MAX_OUTPUT).map_err(|error| error.to_string())
    }
}

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Expression")
    }
}

pub(super) fn refused(what: String) -> Error {
    Error::new(ErrorKind::SyntaxError, what)
}

/// A name that was used and is not there is an error, even where the template engine lets it pass.
pub(super) fn check(misses: &Misses) -> Result<(), String> {
    misses.first().map_or(Ok(()), |name| Err(undefined(&name)))
}

fn undefined(name: &str) -> String {
    format!("`{name}` is not defined")
}

/// What went wrong, in one line, naming the undefined thing where that is it.
pub(super) fn cause(error: &Error, misses: &Misses) -> String {
    match (error.kind(), misses.first()) {
        (ErrorKind::UndefinedError, name) => match (error.detail(), name) {
            (Some(detail), _) if detail.ends_with("is not defined") => detail.to_owned(),
            (_, Some(name)) => undefined(&name),
            (Some(detail), None) => detail.replace("is undefined", "is not defined"),
            (None, None) => "a value is not defined".to_owned(),
        },
        (ErrorKind::OutOfFuel, _) => "the evaluation takes too many steps".to_owned(),
        _ => describe(error),
    }
}

/// The template engine's message without its place.
pub(super) fn describe(error: &Error) -> String {
    match error.detail() {
        Some(detail) if error.kind() == ErrorKind::SyntaxError => detail.to_owned(),
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

/// The dialect's truth: the boolean true, or text or number that reads `true`, `1` or `yes`.
pub(crate) fn is_true(value: &Json) -> bool {
    match value {
        Json::Bool(b) => *b,
        Json::Number(n) => n.as_f64() == Some(1.0),
        Json::String(text) => matches!(text.trim().to_ascii_lowercase().as_str(), "true" | "1" | "yes"),
        _ => false,
    }
}

/// What stands between `{{` and `}}` when the text is nothing else and that is one expression.
pub(super) fn sole_expression(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    let inner = inner.strip_prefix('-').unwrap_or(inner);
    Some(inner.strip_suffix('-').unwrap_or(inner))
}

/// Whether the text has any template syntax.
pub(super) fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("{#")
}
