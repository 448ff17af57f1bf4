//! JSON as PostgreSQL reads it.

use super::kind::Kind;
use crate::fields::{bad_config, kind as found_kind};
use protocol::TaskError;
use serde_json::Value;

/// The text of a parameter of this kind; `None` is NULL.
///
/// # Errors
/// `bad_config` for what the kind cannot hold; everything else is the server's to judge.
pub(super) fn encode(value: &Value, kind: &Kind, name: &str) -> Result<Option<String>, TaskError> {
    let wrong =
        |expected: &str| Err(bad_config(format!("postgres: `{name}` must be {expected}, not {}", found_kind(value))));
    Ok(Some(match (kind, value) {
        (_, Value::Null) => return Ok(None),
        // Text that holds a map or a list as JSON is that map or list; other text is a JSON string.
        (Kind::Json, Value::String(text)) if is_container(text) => text.clone(),
        (Kind::Json, value) => value.to_string(),
        (Kind::Array { of, delimiter }, Value::Array(items)) => array(items, of, *delimiter, name)?,
        (Kind::Array { .. }, Value::String(text)) => text.clone(),
        (Kind::Array { .. }, _) => return wrong("a list"),
        (Kind::Bytes, Value::Object(map)) => match (map.len(), map.get("base64").and_then(Value::as_str)) {
            (1, Some(text)) => bytes(text, name)?,
            _ => return wrong("text or {\"base64\": …}"),
        },
        (Kind::Text, Value::Array(_) | Value::Object(_)) => value.to_string(),
        (_, Value::String(text)) => text.clone(),
        (_, Value::Bool(yes)) => yes.to_string(),
        (_, Value::Number(number)) => match number.as_f64() {
            // 3.0 is an integer to people, but not to PostgreSQL.
            Some(real) if number.is_f64() && real.fract() == 0.0 && real.abs() < 9e15 => format!("{real:.0}"),
            _ => number.to_string(),
        },
        (_, Value::Array(_) | Value::Object(_)) => return wrong("text, a number or a boolean"),
    }))
}

fn is_container(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

fn bytes(base64: &str, name: &str) -> Result<String, TaskError> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let bytes = STANDARD
        .decode(base64)
        .map_err(|error| bad_config(format!("postgres: `{name}.base64` must be base64 text: {error}")))?;
    let mut hex = String::with_capacity(2 + 2 * bytes.len());
    hex.push_str("\\x");
    for byte in bytes {
        hex.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or_default());
        hex.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or_default());
    }
    Ok(hex)
}

fn array(items: &[Value], of: &Kind, delimiter: char, name: &str) -> Result<String, TaskError> {
    let mut text = String::from("{");
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push(delimiter);
        }
        match item {
            // Lists in lists are dimensions, unless the elements are JSON themselves.
            Value::Array(inner) if *of != Kind::Json => text.push_str(&array(inner, of, delimiter, name)?),
            item => match encode(item, of, &format!("{name}[{index}]"))? {
                None => text.push_str("NULL"),
                Some(element) => {
                    text.push('"');
                    for c in element.chars() {
                        if matches!(c, '"' | '\\') {
                            text.push('\\');
                        }
                        text.push(c);
                    }
                    text.push('"');
                }
            },
        }
    }
    text.push('}');
    Ok(text)
}

/// A literal that stands for exactly this text, whatever is in it.
///
/// # Errors
/// `bad_config` for a NUL, which PostgreSQL cannot hold.
pub(super) fn literal(text: &str, name: &str) -> Result<String, TaskError> {
    if text.contains('\0') {
        return Err(bad_config(format!(
            "postgres: `{name}` has a NUL character (U+0000), which PostgreSQL cannot hold"
        )));
    }
    let doubled = text.replace('\'', "''");
    Ok(if text.contains('\\') { format!(" E'{}'", doubled.replace('\\', "\\\\")) } else { format!("'{doubled}'") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_written_as_their_type_reads_them() {
        let array = |of| Kind::Array { of: Box::new(of), delimiter: ',' };
        for (value, kind, expect) in [
            (json!(null), Kind::Json, None),
            (json!(5), Kind::Integer, Some("5")),
            (json!(5.0), Kind::Integer, Some("5")),
            (json!(2.5), Kind::Numeric, Some("2.5")),
            (json!(true), Kind::Bool, Some("true")),
            (json!("x"), Kind::Json, Some("\"x\"")),
            (json!("{\"a\": 1}"), Kind::Json, Some("{\"a\": 1}")),
            (json!("{a: 1}"), Kind::Json, Some("\"{a: 1}\"")),
            (json!({"a": [1]}), Kind::Text, Some("{\"a\":[1]}")),
            (json!({"base64": "AP8="}), Kind::Bytes, Some("\\x00ff")),
            (json!(["a\"b", null, "c\\d"]), array(Kind::Text), Some(r#"{"a\"b",NULL,"c\\d"}"#)),
            (json!([[1, 2], [3, 4]]), array(Kind::Integer), Some(r#"{{"1","2"},{"3","4"}}"#)),
            (json!([[1], {"x": 2}]), array(Kind::Json), Some(r#"{"[1]","{\"x\":2}"}"#)),
            (json!([]), array(Kind::Integer), Some("{}")),
            (json!("{1,2}"), array(Kind::Integer), Some("{1,2}")),
        ] {
            assert_eq!(encode(&value, &kind, "p").expect("fits").as_deref(), expect, "{value} {kind:?}");
        }
        for (value, kind, part) in [
            (json!({}), Kind::Integer, "`p` must be text, a number or a boolean, not a map"),
            (json!(1), array(Kind::Integer), "`p` must be a list, not a number"),
            (json!([1, {}]), array(Kind::Integer), "`p[1]` must be"),
            (json!({"base64": "?"}), Kind::Bytes, "`p.base64` must be base64"),
        ] {
            let error = encode(&value, &kind, "p").expect_err("does not fit");
            assert!(error.message.contains(part), "{}", error.message);
        }
    }

    #[test]
    fn literals_hold_anything() {
        for (text, expect) in [("a", "'a'"), ("it's", "'it''s'"), ("\\'; --", " E'\\\\''; --'"), ("", "''")] {
            assert_eq!(literal(text, "p").expect("a literal"), expect);
        }
        assert!(literal("a\0b", "p").is_err());
    }
}
