//! The code of a python step: `code`, `code_b64` or `code_base64`.

use crate::fields::{Fields, bad_config};
use base64::{Engine, engine::general_purpose::STANDARD};
use protocol::TaskError;
use serde_json::Value;
use std::borrow::Cow;

/// The source text. As in v1, encoded code wins over plain code.
///
/// # Errors
/// `bad_config` when there is none, or it is empty, or it is not base64 of UTF-8.
pub(super) fn code_of(config: &Value) -> Result<Cow<'_, str>, TaskError> {
    let own = Fields::of("python", config)?;
    let names = ["code", "code_b64", "code_base64", "script"];
    let fields = match config.get("save") {
        // A save's code may stand inside of it.
        Some(save @ Value::Object(_)) if own.any(&names).is_none() => Fields::of("python", save)?,
        _ => own,
    };
    for name in ["code_b64", "code_base64"] {
        let Some(text) = fields.text(&[name])? else { continue };
        let compact: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let bytes = STANDARD
            .decode(compact)
            .map_err(|error| bad_config(format!("python: `{name}` must be base64 text: {error}")))?;
        let code = String::from_utf8(bytes).map_err(|_| {
            bad_config(format!("python: `{name}` must be base64 of UTF-8 text; it decodes to something else"))
        })?;
        return not_empty(name, Cow::Owned(code));
    }
    match fields.text(&["code", "script"])? {
        Some(code) => not_empty("code", Cow::Borrowed(code)),
        None => Err(fields.missing("code", "python source text (or `code_b64`)")),
    }
}

fn not_empty<'a>(name: &str, code: Cow<'a, str>) -> Result<Cow<'a, str>, TaskError> {
    if code.trim().is_empty() {
        return Err(bad_config(format!("python: `{name}` is empty: expected python source text")));
    }
    Ok(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn code_comes_from_any_of_the_three_fields() {
        for (config, expect) in [
            (json!({"code": "a = 1"}), Ok("a = 1")),
            (json!({"code_b64": "YSA9\nIDE="}), Ok("a = 1")),
            (json!({"code_base64": "YSA9IDE=", "code": "b"}), Ok("a = 1")),
            (json!({"save": {"code": "a = 1"}}), Ok("a = 1")),
            (json!({"save": {"code": "b"}, "code": "a = 1"}), Ok("a = 1")),
            (json!({}), Err("python: `code` is missing: expected python source text (or `code_b64`)")),
            (json!(null), Err("python: `code` is missing: expected python source text (or `code_b64`)")),
            (json!([1]), Err("python: the step's fields must be a map, not a list")),
            (json!({"code": 7}), Err("python: `code` must be a string, not `7`")),
            (json!({"code": " \n"}), Err("python: `code` is empty: expected python source text")),
            (
                json!({"code_b64": "/w=="}),
                Err("python: `code_b64` must be base64 of UTF-8 text; it decodes to something else"),
            ),
        ] {
            let found = code_of(&config);
            match expect {
                Ok(code) => assert_eq!(found.as_deref().ok(), Some(code), "{config}"),
                Err(message) => {
                    let error = found.expect_err("must be refused");
                    assert_eq!((error.code.as_str(), error.message.as_str()), ("bad_config", message));
                }
            }
        }
    }
}
