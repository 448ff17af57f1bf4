//! A node together with its JSON pointer, and a map whose fields are taken one by one.

use crate::playbook::{
    node::{Key, Kind, Node, Place},
    pointer,
    problems::Problems,
    suggest,
};
use serde_json::Value;

/// A place in the document.
#[derive(Clone, Debug)]
pub(super) struct At<'a> {
    pub(super) node: &'a Node,
    pub(super) pointer: String,
}

impl<'a> At<'a> {
    pub(super) fn place(&self) -> Place {
        self.node.place
    }

    pub(super) fn error(
        &self,
        problems: &mut Problems,
        code: &str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        problems.error(code, self.place(), &self.pointer, message, Some(hint.into()));
    }

    pub(super) fn warning(
        &self,
        problems: &mut Problems,
        code: &str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        problems.warning(code, self.place(), &self.pointer, message, Some(hint.into()));
    }

    pub(super) fn wrong_type(&self, problems: &mut Problems, what: &str, hint: impl Into<String>) {
        let message = format!("{what}, not {}", self.node.describe());
        self.error(problems, "wrong_type", message, hint);
    }

    pub(super) fn items(&self) -> Option<Vec<At<'a>>> {
        let Kind::List(items) = &self.node.kind else { return None };
        let at = |(index, node)| At { node, pointer: pointer::join(&self.pointer, &usize::to_string(&index)) };
        Some(items.iter().enumerate().map(at).collect())
    }

    /// The fields, if this is a map.
    pub(super) fn fields(&self) -> Option<Fields<'a>> {
        let Kind::Map(entries) = &self.node.kind else { return None };
        Some(Fields { place: self.place(), pointer: self.pointer.clone(), entries, taken: vec![false; entries.len()] })
    }

    /// The text of a scalar that is meant as text: numbers and booleans read as they were written.
    pub(super) fn text(&self) -> Option<&'a str> {
        match &self.node.kind {
            Kind::Scalar { text, .. } if !self.node.is_null() => Some(text),
            _ => None,
        }
    }

    pub(super) fn json(&self) -> Value {
        self.node.to_json()
    }
}

/// A map being read; what nobody took is left for the end.
pub(super) struct Fields<'a> {
    place: Place,
    pub(super) pointer: String,
    entries: &'a [(Key, Node)],
    taken: Vec<bool>,
}

impl<'a> Fields<'a> {
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// The field, if it is there; `null` counts as absent.
    pub(super) fn take(&mut self, name: &str) -> Option<At<'a>> {
        let index = self.entries.iter().position(|(key, _)| key.text == name)?;
        self.taken[index] = true;
        let at = At { node: &self.entries[index].1, pointer: pointer::join(&self.pointer, name) };
        (!at.node.is_null()).then_some(at)
    }

    /// The field without taking it.
    pub(super) fn peek(&self, name: &str) -> Option<At<'a>> {
        let (_, node) = self.entries.iter().find(|(key, _)| key.text == name)?;
        let at = At { node, pointer: pointer::join(&self.pointer, name) };
        (!at.node.is_null()).then_some(at)
    }

    /// The field if nobody took it yet, without taking it.
    pub(super) fn left(&self, name: &str) -> Option<At<'a>> {
        let index = self.entries.iter().position(|(key, _)| key.text == name)?;
        self.peek(name).filter(|_| !self.taken[index])
    }

    /// The place of a field's key.
    pub(super) fn key_place(&self, name: &str) -> Option<Place> {
        self.entries.iter().find(|(key, _)| key.text == name).map(|(key, _)| key.place)
    }

    /// A field that must be text if it is there.
    pub(super) fn text(&mut self, problems: &mut Problems, name: &str) -> Option<&'a str> {
        let at = self.take(name)?;
        let text = at.text();
        if text.is_none() {
            at.wrong_type(problems, &format!("`{name}` must be text"), format!("write `{name}: some text`"));
        }
        text
    }

    pub(super) fn missing(&self, problems: &mut Problems, name: &str, what: &str, hint: &str) {
        problems.error(
            "missing_field",
            self.place,
            &self.pointer,
            format!("{what} has no `{name}`"),
            Some(hint.to_owned()),
        );
    }

    /// One of several fields must be there.
    pub(super) fn missing_one(&self, problems: &mut Problems, message: &str, hint: &str) {
        problems.error("missing_field", self.place, &self.pointer, message, Some(hint.to_owned()));
    }

    /// Keys and values nobody took, in order.
    pub(super) fn rest(&self) -> Vec<(&'a Key, At<'a>)> {
        self.entries
            .iter()
            .zip(&self.taken)
            .filter(|(_, taken)| !**taken)
            .map(|((key, node), _)| (key, At { node, pointer: pointer::join(&self.pointer, &key.text) }))
            .collect()
    }

    /// Warns of every field nobody took.
    pub(super) fn warn_rest(&self, problems: &mut Problems, of: &str, known: &[&str]) {
        for (key, at) in self.rest() {
            unknown_field(problems, key, &at.pointer, of, known);
        }
    }
}

pub(super) fn unknown_field(problems: &mut Problems, key: &Key, pointer: &str, of: &str, known: &[&str]) {
    let message = format!("{of} knows no `{}`", key.text);
    // Searching for what was meant takes time that nobody sees the fruit of.
    let hint = if problems.is_full() { None } else { suggest::hint(&key.text, known.iter().copied()) };
    problems.warning("unknown_field", key.place, pointer, message, hint);
}

/// A list of texts; one text counts as a list of one.
pub(super) fn texts(at: &At<'_>, problems: &mut Problems, name: &str) -> Vec<String> {
    if let Some(text) = at.text() {
        return vec![text.to_owned()];
    }
    let Some(items) = at.items() else {
        at.wrong_type(problems, &format!("`{name}` must be a list of names"), format!("write `{name}: [a, b]`"));
        return Vec::new();
    };
    let mut names = Vec::new();
    for item in items {
        match item.text() {
            Some(text) => names.push(text.to_owned()),
            None => item.wrong_type(problems, "each entry must be text", "write a name"),
        }
    }
    names
}
