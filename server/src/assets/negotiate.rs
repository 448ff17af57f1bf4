//! What a browser accepts and what it has already.

use axum::http::{HeaderMap, header};

/// Whether `Accept-Encoding` allows a coding.
pub(super) fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let listed = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    listed.flat_map(|value| value.split(',')).any(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let refused =
            parts.any(|part| part.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().map_or(true, |q| q <= 0.0)));
        named && !refused
    })
}

/// Whether `If-None-Match` names this tag. Weak comparison, as RFC 9110 asks for.
pub(super) fn has_already(headers: &HeaderMap, etag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let listed = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    listed.flat_map(|value| value.split(',')).any(|tag| tag.trim() == "*" || bare(tag) == bare(etag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codings_are_taken_when_offered() {
        for (offered, coding, expect) in [
            ("gzip, deflate, br, zstd", "br", true),
            ("gzip;q=1.0, BR;q=0.5", "br", true),
            ("gzip, br;q=0", "br", false),
            ("br;q=0.000", "br", false),
            ("identity", "gzip", false),
            ("", "gzip", false),
            ("xbr", "br", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, offered.parse().expect("a header value"));
            assert_eq!(accepts(&headers, coding), expect, "{offered}");
        }
    }

    #[test]
    fn tags_are_compared_weakly() {
        for (given, etag, expect) in [
            ("\"a\"", "\"a\"", true),
            ("W/\"a\"", "\"a\"", true),
            ("\"b\", \"a\"", "W/\"a\"", true),
            ("*", "\"a\"", true),
            ("\"ab\"", "\"a\"", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, given.parse().expect("a header value"));
            assert_eq!(has_already(&headers, etag), expect, "{given}");
        }
    }
}
