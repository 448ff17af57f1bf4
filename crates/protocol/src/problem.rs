//! Errors of the API as RFC 9457 problem details.

use crate::Diagnostic;
use serde::{Deserialize, Serialize};

/// `application/problem+json`. `type` is a link into docs/errors.md built from `code`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[error("{title}: {detail}")]
pub struct Problem {
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    /// What happened, where, and what to do.
    pub detail: String,
    /// Stable: what programs match on.
    pub code: String,
    /// Trying the same again later may succeed.
    #[serde(default)]
    pub temporary: bool,
    /// In how many seconds, where that is known; otherwise soon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
    /// Each place of a document that is wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<Diagnostic>,
}

impl Problem {
    pub fn new(status: u16, code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("https://signalbox.dev/errors#{code}"),
            title: title.to_owned(),
            status,
            detail: detail.into(),
            code: code.to_owned(),
            temporary: false,
            retry_after_s: None,
            diagnostics: Vec::new(),
        }
    }

    pub fn temporary(mut self) -> Self {
        self.temporary = true;
        self
    }

    /// Temporary, and not worth trying again for so long.
    pub fn temporary_for_s(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self.temporary()
    }

    pub fn with_diagnostics(mut self, diagnostics: Vec<Diagnostic>) -> Self {
        self.diagnostics = diagnostics;
        self
    }

    /// There is no `what` called `id`.
    pub fn not_found(what: &str, id: impl std::fmt::Display, hint: &str) -> Self {
        Self::new(404, "not_found", "Not found", format!("there is no {what} `{id}`; {hint}"))
    }

    /// The request itself is wrong.
    pub fn bad_request(code: &str, detail: impl Into<String>) -> Self {
        Self::new(400, code, "Bad request", detail)
    }

    /// Our fault; the log has the cause.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::new(500, "internal", "Internal error", detail)
    }
}
