//! Templates of a playbook, compiled while it is read, so that syntax errors are diagnostics.

use super::at::At;
use crate::playbook::{
    expr::{self, Expression},
    model::Condition,
    node::{Kind, Node, Place, Style},
    pointer,
    problems::Problems,
    template::{Leaf, Template, Texts},
};
use serde_json::Value;

#[derive(Default)]
pub(super) struct Compiler {
    texts: Texts,
    count: usize,
}

impl Compiler {
    pub(super) fn finish(self) -> Texts {
        self.texts
    }

    /// A value in which text may be templates. `base` is the pointer of the step it belongs to.
    pub(super) fn template(&mut self, at: &At<'_>, base: &str, problems: &mut Problems) -> Template {
        match &at.node.kind {
            Kind::Scalar { text, .. } if expr::is_template(text) => self.leaf(at, text, base, problems),
            Kind::Scalar { .. } => Template::fixed(at.json()),
            Kind::List(_) => {
                let items = at.items().unwrap_or_default();
                let items: Vec<Template> = items.iter().map(|item| self.template(item, base, problems)).collect();
                if items.iter().all(Template::is_fixed) { Template::fixed(at.json()) } else { Template::List(items) }
            }
            Kind::Map(entries) => {
                let entries: Vec<(String, Template)> = entries
                    .iter()
                    .map(|(key, node)| {
                        let at = At { node, pointer: pointer::join(&at.pointer, &key.text) };
                        (key.text.clone(), self.template(&at, base, problems))
                    })
                    .collect();
                Template::of_map(entries)
            }
        }
    }

    /// A map, or one expression that yields one.
    pub(super) fn map(&mut self, at: &At<'_>, base: &str, problems: &mut Problems, name: &str) -> Option<Template> {
        let template = self.template(at, base, problems);
        let fits = match &template {
            Template::Fixed(value) => value.is_object(),
            Template::Map(_) | Template::Merged(_) | Template::Value(_) => true,
            Template::Text(_) | Template::List(_) => false,
        };
        if !fits {
            let hint = format!(
                "write `{name}:` with `key: value` lines below it, or one `\"{{{{ expression }}}}\"` that is a map"
            );
            at.wrong_type(problems, &format!("`{name}` must be a map"), hint);
            return None;
        }
        Some(template)
    }

    /// A condition: an expression with or without `{{ }}`, or true / false.
    pub(super) fn condition(&mut self, at: &At<'_>, base: &str, problems: &mut Problems) -> Option<Condition> {
        let Some(text) = at.text() else {
            at.wrong_type(problems, "`when` must be an expression", "write `when: \"{{ result.x == 1 }}\"`");
            return None;
        };
        let source = text.trim().to_owned();
        if matches!(at.json(), Value::Bool(_)) {
            return Some(Condition { template: Template::fixed(at.json()), source });
        }
        let template = if expr::is_template(text) {
            let template = self.leaf(at, text, base, problems);
            if matches!(template, Template::Text(_)) && !text.contains("{%") {
                let hint = "put the whole condition inside one `{{ }}`";
                at.warning(
                    problems,
                    "condition_is_text",
                    "what stands around `{{ }}` is text here, and not compared",
                    hint,
                );
            }
            template
        } else {
            self.expression(at, text.trim(), text, base, problems)
        };
        Some(Condition { template, source })
    }

    fn leaf(&mut self, at: &At<'_>, text: &str, base: &str, problems: &mut Problems) -> Template {
        let place = label(&at.pointer, base);
        // Only what is one expression as a whole counts; `{{ a }} {{ b }}` also begins and ends like one.
        if let Some(inner) = expr::sole_expression(text)
            && let Ok(compiled) = Expression::compile(inner)
        {
            return Template::Value(Leaf { compiled, source: text.to_owned(), place });
        }
        let number = self.count;
        self.count += 1;
        match self.texts.add(number, text) {
            Ok(()) => Template::Text(Leaf { compiled: number, source: text.to_owned(), place }),
            Err(error) => {
                self.syntax(at, text, 0, text, &error, problems);
                Template::fixed(Value::Null)
            }
        }
    }

    fn expression(&mut self, at: &At<'_>, source: &str, text: &str, base: &str, problems: &mut Problems) -> Template {
        match Expression::compile(source) {
            Ok(compiled) => {
                Template::Value(Leaf { compiled, source: source.to_owned(), place: label(&at.pointer, base) })
            }
            Err(error) => {
                let before = text.find(source).unwrap_or(0);
                self.syntax(at, text, before, source, &error, problems);
                Template::fixed(Value::Null)
            }
        }
    }

    fn syntax(
        &self,
        at: &At<'_>,
        text: &str,
        before: usize,
        source: &str,
        error: &minijinja::Error,
        problems: &mut Problems,
    ) {
        let offset = error.range().map_or(0, |range| range.start.min(source.len()));
        let place = place_in(at.node, text, before + offset);
        let message = format!("bad expression in `{}`: {}", shorten(text), expr::describe(error));
        let hint = "expressions are Jinja: `{{ workload.name }}`, `{{ step.data.n > 3 and result.ok }}`; quote text inside with '…'";
        problems.error("bad_expression", place, &at.pointer, message, Some(hint.into()));
    }
}

/// The place of a byte of a scalar's text, as exactly as the way it was written allows.
fn place_in(node: &Node, text: &str, offset: usize) -> Place {
    let Kind::Scalar { style, .. } = &node.kind else { return node.place };
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let lines = u32::try_from(before.matches('\n').count()).unwrap_or(0);
    match style {
        Style::Plain | Style::Quoted if !text.contains('\n') => {
            let quote = u32::from(*style == Style::Quoted);
            let column = u32::try_from(before.chars().count()).unwrap_or(0);
            Place { line: node.place.line, column: node.place.column + quote + column }
        }
        Style::Plain | Style::Quoted | Style::Decoded => node.place,
        // A block's place is that of its first character; its lines are indented alike.
        Style::Block => {
            let in_line = before.rfind('\n').map_or(before, |at| &before[at + 1..]);
            let column = u32::try_from(in_line.chars().count()).unwrap_or(0);
            Place { line: node.place.line + lines, column: node.place.column + column }
        }
    }
}

fn shorten(text: &str) -> String {
    const SHOWN: usize = 80;
    let text = text.trim();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// `/workflow/2/next/0/when` within `/workflow/2` reads `next[0].when`.
fn label(pointer: &str, base: &str) -> String {
    let mut label = String::new();
    for token in pointer.strip_prefix(base).unwrap_or(pointer).split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        if token.parse::<usize>().is_ok() {
            label.push_str(&format!("[{token}]"));
        } else {
            if !label.is_empty() {
                label.push('.');
            }
            label.push_str(&token);
        }
    }
    label
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn labels_read_like_the_fields() {
        for (pointer, base, expect) in [
            ("/workflow/2/next/0/when", "/workflow/2", "next[0].when"),
            ("/workflow/2/data/a~1b", "/workflow/2", "data.a/b"),
            ("/workbook/0/headers/x", "/workbook/0", "headers.x"),
        ] {
            assert_eq!(label(pointer, base), expect);
        }
    }
}
