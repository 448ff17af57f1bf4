//! JSON and text that come from outside, and the limits they are held to.

use crate::{
    StoreError,
    limits::{MAX_DEPTH, MAX_EVENT_BYTES},
};
use serde::Serialize;

/// The value as JSON.
///
/// # Errors
/// [`StoreError::Refused`] when it is larger or deeper than the limits.
pub(crate) fn payload<T: Serialize + ?Sized>(value: &T, what: impl Fn() -> String) -> Result<String, StoreError> {
    checked(written(value), what)
}

/// The value as JSON, of any size and depth.
pub(crate) fn written<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("what events and tasks hold is JSON")
}

/// JSON that keeps to the limits.
///
/// # Errors
/// As [`payload`].
pub(crate) fn checked(written: String, what: impl Fn() -> String) -> Result<String, StoreError> {
    if written.len() > MAX_EVENT_BYTES {
        let bytes = written.len();
        return Err(StoreError::Refused(format!("{} has {bytes} bytes, the limit is {MAX_EVENT_BYTES}", what())));
    }
    if deeper_than(written.as_bytes(), MAX_DEPTH) {
        return Err(StoreError::Refused(format!("{} is nested deeper than {MAX_DEPTH}", what())));
    }
    Ok(written)
}

/// Text for a column of its own.
///
/// # Errors
/// [`StoreError::Refused`] when it holds a NUL, which PostgreSQL has no place for and SQLite cuts texts at.
pub(crate) fn text<'t>(text: &'t str, what: &str) -> Result<&'t str, StoreError> {
    if text.as_bytes().contains(&0) {
        return Err(StoreError::Refused(format!("{what} `{}` holds a NUL", text.escape_debug())));
    }
    Ok(text)
}

/// Whether JSON text nests arrays and objects deeper than `limit`.
pub(crate) fn deeper_than(json: &[u8], limit: usize) -> bool {
    // Nearly always, and many bytes at a time.
    if json.iter().filter(|byte| matches!(byte, b'[' | b'{')).count() <= limit {
        return false;
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for &byte in json {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_what_is_open_at_once_and_not_what_stands_in_strings() {
        for (json, limit, expected) in [
            ("[[1],[2]]", 2, false),
            ("[[1],[2]]", 1, true),
            (r#"{"a":"[[[\"[["}"#, 1, false),
            (r#"["\\",[[]]]"#, 2, true),
        ] {
            assert_eq!(deeper_than(json.as_bytes(), limit), expected, "{json}");
        }
    }
}
