//! Values with templates in them: rendered when a step starts or an arc is taken.

use super::{
    complexity,
    expr::{self, Expression, MAX_OUTPUT},
    guard,
};
use crate::context::Scope;
use minijinja::Environment;
use serde_json::{Map, Value as Json};
use std::{
    io::{self, Write},
    sync::Arc,
};

/// A JSON value in which text may be computed.
#[derive(Debug)]
pub(crate) enum Template {
    /// Nothing to compute below here.
    Fixed(Arc<Json>),
    /// Text that is exactly one `{{ expression }}`: its value, with its type.
    Value(Leaf<Expression>),
    /// Other text with templates in it: text. The number names the template in the playbook's [`Texts`].
    Text(Leaf<usize>),
    List(Vec<Template>),
    Map(Vec<(String, Template)>),
    /// Maps laid over each other, the later over the earlier.
    Merged(Vec<Template>),
}

#[derive(Debug)]
pub(crate) struct Leaf<T> {
    pub(crate) compiled: T,
    /// As written.
    pub(crate) source: String,
    /// Where, within its step: `data.message`, `next[0].when`.
    pub(crate) place: String,
}

/// A template that failed: names itself, its place and the cause.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("`{source_text}` in `{place}` failed: {cause}")]
pub(crate) struct RenderError {
    pub(crate) source_text: String,
    pub(crate) place: String,
    pub(crate) cause: String,
}

impl<T> Leaf<T> {
    fn error(&self, cause: String) -> RenderError {
        /// Longest piece of a template shown in an error, in characters.
        const SHOWN: usize = 200;
        let source = self.source.trim();
        let source_text = match source.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", &source[..end]),
            None => source.to_owned(),
        };
        RenderError { source_text, place: self.place.clone(), cause }
    }
}

impl Template {
    pub(crate) fn fixed(value: Json) -> Self {
        Self::Fixed(Arc::new(value))
    }

    /// A map; shared by all who render it when nothing in it is computed.
    pub(crate) fn of_map(entries: Vec<(String, Template)>) -> Self {
        if !entries.iter().all(|(_, entry)| entry.is_fixed()) {
            return Self::Map(entries);
        }
        let fixed = |(key, entry)| match entry {
            Template::Fixed(value) => Some((key, Arc::unwrap_or_clone(value))),
            _ => None,
        };
        Self::fixed(Json::Object(entries.into_iter().filter_map(fixed).collect()))
    }

    pub(crate) fn is_fixed(&self) -> bool {
        matches!(self, Self::Fixed(_))
    }

    /// # Errors
    /// The first template that fails.
    pub(crate) fn render(&self, texts: &Texts, scope: &Scope) -> Result<Arc<Json>, RenderError> {
        match self {
            Template::Fixed(value) => Ok(value.clone()),
            Template::Value(leaf) => leaf.compiled.evaluate(scope).map_err(|cause| leaf.error(cause)),
            _ => self.render_owned(texts, scope).map(Arc::new),
        }
    }

    /// What a message about the whole of it says.
    pub(crate) fn error(&self, cause: String) -> RenderError {
        match self {
            Template::Value(leaf) => leaf.error(cause),
            Template::Text(leaf) => leaf.error(cause),
            _ => RenderError { source_text: "{…}".to_owned(), place: "data".to_owned(), cause },
        }
    }

    /// Recursion is as deep as the YAML, which is limited.
    fn render_owned(&self, texts: &Texts, scope: &Scope) -> Result<Json, RenderError> {
        Ok(match self {
            Template::Fixed(value) => (**value).clone(),
            Template::Value(leaf) => {
                Arc::unwrap_or_clone(leaf.compiled.evaluate(scope).map_err(|cause| leaf.error(cause))?)
            }
            Template::Text(leaf) => {
                Json::String(texts.render(leaf.compiled, scope).map_err(|cause| leaf.error(cause))?)
            }
            Template::List(items) => {
                Json::Array(items.iter().map(|item| item.render_owned(texts, scope)).collect::<Result<_, _>>()?)
            }
            Template::Map(entries) => Json::Object(
                entries
                    .iter()
                    .map(|(key, item)| Ok((key.clone(), item.render_owned(texts, scope)?)))
                    .collect::<Result<Map<_, _>, RenderError>>()?,
            ),
            Template::Merged(parts) => {
                let mut merged = Map::new();
                for part in parts {
                    if let Json::Object(map) = part.render_owned(texts, scope)? {
                        merged.extend(map);
                    }
                }
                Json::Object(merged)
            }
        })
    }
}

/// The text templates of one playbook, by number.
pub(crate) struct Texts(Environment<'static>);

impl Default for Texts {
    fn default() -> Self {
        Self(super::environment::environment().clone())
    }
}

impl std::fmt::Debug for Texts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Texts")
    }
}

impl Texts {
    /// # Errors
    /// A syntax error, with its line and range within `source`.
    pub(super) fn add(&mut self, number: usize, source: &str) -> Result<(), minijinja::Error> {
        complexity::check(source, true).map_err(expr::refused)?;
        self.0.add_template_owned(number.to_string(), source.to_owned())?;
        let guarded = guard::template(source).map_err(expr::refused)?;
        if guarded == source {
            return Ok(());
        }
        self.0.add_template_owned(number.to_string(), guarded)
    }

    fn render(&self, number: usize, scope: &Scope) -> Result<String, String> {
        let template = self.0.get_template(&number.to_string()).map_err(|error| expr::describe(&error))?;
        let (context, misses) = scope.context();
        let mut output = Limited(Vec::new());
        match template.render_captured_to(context, &mut output) {
            Ok(_) => {}
            Err(error) if error.kind() == minijinja::ErrorKind::WriteFailure => {
                return Err(format!("the text is larger than {MAX_OUTPUT} bytes"));
            }
            Err(error) => return Err(expr::cause(&error, &misses)),
        }
        expr::check(&misses)?;
        String::from_utf8(output.0).map_err(|error| error.to_string())
    }
}

/// Refuses to grow over `MAX_OUTPUT`.
struct Limited(Vec<u8>);

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_OUTPUT {
            return Err(io::Error::other("output too large"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
