//! JSON rows, and the limits for what comes from outside.

use crate::{
    StoreError,
    limits::{MAX_DEPTH, MAX_EVENT_BYTES},
};
use protocol::TaskKey;
use serde::Serialize;

/// JSON arrays being written, one after the other.
#[derive(Default)]
pub(super) struct Rows {
    text: Vec<u8>,
}

impl Rows {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { text: Vec::with_capacity(bytes) }
    }

    pub(super) fn open(&mut self) {
        if !self.text.is_empty() {
            self.text.push(b',');
        }
        self.text.push(b'[');
    }

    pub(super) fn close(&mut self) {
        self.text.push(b']');
    }

    pub(super) fn value<T: Serialize + ?Sized>(&mut self, value: &T) {
        if !matches!(self.text.last(), None | Some(b'[')) {
            self.text.push(b',');
        }
        serde_json::to_writer(&mut self.text, value).expect("ids, numbers and strings are JSON");
    }

    /// A task's key in one word.
    pub(super) fn key(&mut self, key: &TaskKey) {
        self.value(&key.to_string());
    }

    /// A value from outside: held to the limits.
    pub(super) fn payload<T: Serialize + ?Sized>(
        &mut self,
        value: &T,
        what: impl Fn() -> String,
    ) -> Result<(), StoreError> {
        let start = self.text.len() + 1;
        self.value(value);
        let written = &self.text[start..];
        if written.len() > MAX_EVENT_BYTES {
            return Err(StoreError::Refused(format!(
                "{} has {} bytes, the limit is {MAX_EVENT_BYTES}",
                what(),
                written.len()
            )));
        }
        if deeper_than(written, MAX_DEPTH) {
            return Err(StoreError::Refused(format!("{} is nested deeper than {MAX_DEPTH}", what())));
        }
        Ok(())
    }

    pub(super) fn into_string(self) -> String {
        String::from_utf8(self.text).expect("serde_json writes UTF-8")
    }
}

/// Whether JSON text nests arrays and objects deeper than `limit`.
fn deeper_than(json: &[u8], limit: usize) -> bool {
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
