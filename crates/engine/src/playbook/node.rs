//! A YAML document as a tree in which every node and key knows its place.

use serde_json::{Map, Number, Value};

/// Where something stands in the source: line and column (in characters), both from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u32,
    pub(super) column: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Scalar { text: String, style: Style, tag: Option<CoreTag> },
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) text: String,
    pub(super) place: Place,
}

/// How a scalar was written; tells where its text begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Quoted,
    Block,
    /// Not as it stands in the source: places within it mean nothing.
    Decoded,
}

/// An explicit `!!str` and the like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CoreTag {
    Text,
    Number,
    Bool,
    Null,
}

impl Node {
    pub(super) fn null(place: Place) -> Self {
        Self { place, kind: Kind::Scalar { text: String::new(), style: Style::Plain, tag: None } }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { text, style, tag } if scalar(text, *style, *tag).is_null())
    }

    /// What a message calls it: `a list`, `text` …
    pub(super) fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
            Kind::Scalar { text, style, tag } => match scalar(text, *style, *tag) {
                Value::Null => "nothing",
                Value::Bool(_) => "true or false",
                Value::Number(_) => "a number",
                _ => "text",
            },
        }
    }

    /// The node as JSON. The tree's depth is limited when it is read, so this recursion is too.
    pub(super) fn to_json(&self) -> Value {
        match &self.kind {
            Kind::Scalar { text, style, tag } => scalar(text, *style, *tag),
            Kind::List(items) => Value::Array(items.iter().map(Node::to_json).collect()),
            Kind::Map(entries) => Value::Object(
                entries.iter().map(|(key, node)| (key.text.clone(), node.to_json())).collect::<Map<_, _>>(),
            ),
        }
    }
}

/// The value of a scalar: YAML 1.2's core schema, with the boolean words of YAML 1.1 (`yes`, `no`, `on`, `off`)
/// because public playbooks were written for a parser that reads them so.
fn scalar(text: &str, style: Style, tag: Option<CoreTag>) -> Value {
    match tag {
        Some(CoreTag::Text) => return Value::String(text.to_owned()),
        Some(CoreTag::Null) => return Value::Null,
        Some(CoreTag::Number | CoreTag::Bool) => {}
        None if style != Style::Plain => return Value::String(text.to_owned()),
        None => {}
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return Value::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => return Value::Bool(false),
        _ => {}
    }
    number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

/// Decimal, `0x` and `0o` integers and decimal floats. What JSON cannot hold (`.inf`, `.nan`) stays text.
fn number(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if let Some(hex) = text.strip_prefix("0x") {
        return u64::from_str_radix(hex, 16).ok().map(Number::from);
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return u64::from_str_radix(octal, 8).ok().map(Number::from);
    }
    let shaped = unsigned.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    if !shaped || !unsigned.bytes().any(|b| b.is_ascii_digit()) || unsigned.starts_with(['-', '+', 'e', 'E']) {
        return None;
    }
    if let Ok(whole) = text.strip_prefix('+').unwrap_or(text).parse::<i64>() {
        return Some(whole.into());
    }
    if let Ok(whole) = text.parse::<u64>() {
        return Some(whole.into());
    }
    text.parse::<f64>().ok().and_then(Number::from_f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn scalars_have_the_types_public_playbooks_expect() {
        for (text, expect) in [
            ("", json!(null)),
            ("~", json!(null)),
            ("null", json!(null)),
            ("true", json!(true)),
            ("yes", json!(true)),
            ("Off", json!(false)),
            ("y", json!("y")),
            ("0", json!(0)),
            ("-17", json!(-17)),
            ("+3", json!(3)),
            ("0x1f", json!(31)),
            ("0o17", json!(15)),
            ("18446744073709551615", json!(18_446_744_073_709_551_615_u64)),
            ("1.5", json!(1.5)),
            ("1e3", json!(1000.0)),
            ("1.2.3", json!("1.2.3")),
            ("--1", json!("--1")),
            ("12:30", json!("12:30")),
            ("2024-01-01", json!("2024-01-01")),
            ("e5", json!("e5")),
            (".", json!(".")),
            (".nan", json!(".nan")),
            ("pg_k8s", json!("pg_k8s")),
        ] {
            assert_eq!(scalar(text, Style::Plain, None), expect, "{text:?}");
        }
        assert_eq!(scalar("5", Style::Quoted, None), json!("5"));
        assert_eq!(scalar("5", Style::Plain, Some(CoreTag::Text)), json!("5"));
        assert_eq!(scalar("5", Style::Quoted, Some(CoreTag::Number)), json!(5));
    }
}
