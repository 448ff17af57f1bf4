//! Values and logs, cut to what a screen shows.

use crate::task::Logs;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Longest preview of an input, result or log, bytes; the whole is one request away.
pub const PREVIEW_BYTES: usize = 4096;

/// A value as compact JSON, cut at `PREVIEW_BYTES`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    pub text: String,
    /// Bytes of the whole; more than `text` when cut.
    pub bytes: u64,
}

impl Preview {
    /// `null` is shown as empty text.
    pub fn of(value: &Value) -> Self {
        if value.is_null() {
            return Self::default();
        }
        let text = value.to_string();
        Self { bytes: text.len() as u64, text: cut(text) }
    }

    pub fn is_cut(&self) -> bool {
        self.bytes > self.text.len() as u64
    }
}

fn cut(mut text: String) -> String {
    if text.len() > PREVIEW_BYTES {
        let mut end = PREVIEW_BYTES;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    text
}

/// The end of each stream; what was left out is counted.
pub(super) fn tail(logs: &Logs) -> Logs {
    let keep = |text: &str| {
        let mut start = text.len().saturating_sub(PREVIEW_BYTES);
        while !text.is_char_boundary(start) {
            start += 1;
        }
        (text[start..].to_owned(), start as u64)
    };
    let ((stdout, a), (stderr, b)) = (keep(&logs.stdout), keep(&logs.stderr));
    Logs { stdout, stderr, omitted_bytes: logs.omitted_bytes + a + b }
}
