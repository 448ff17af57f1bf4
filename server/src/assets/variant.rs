//! Compressed copies a build made beside its files.

use super::negotiate;
use axum::http::HeaderMap;

/// `(coding, what the copy's name ends in)`, best first.
const VARIANTS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// The copies this browser can take, as `(coding, name)`, best first.
pub(super) fn acceptable(name: &str, headers: &HeaderMap) -> impl Iterator<Item = (&'static str, String)> {
    VARIANTS
        .into_iter()
        .filter(|(coding, _)| negotiate::accepts(headers, coding))
        .map(move |(coding, suffix)| (coding, format!("{name}{suffix}")))
}
