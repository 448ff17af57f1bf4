//! Content types are checked strictly: the three a plain HTML form can send are never among those accepted.

use crate::rest::Refusal;
use axum::http::{HeaderMap, header::CONTENT_TYPE};
use protocol::Problem;

/// The request's media type must be one of `accepted`; parameters other than a UTF-8 charset are ignored.
pub(super) fn check(headers: &HeaderMap, accepted: &[&str]) -> Result<(), Refusal> {
    let given = headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let Some(given) = given else { return Err(refuse("the request has no Content-Type", accepted)) };
    let mut parts = given.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
    if !accepted.contains(&media_type.as_str()) {
        return Err(refuse(
            &format!("the Content-Type is `{}`", given.chars().take(100).collect::<String>()),
            accepted,
        ));
    }
    let foreign_charset = parts.any(|parameter| {
        let parameter = parameter.to_ascii_lowercase();
        parameter.strip_prefix("charset=").is_some_and(|charset| charset.trim_matches('"') != "utf-8")
    });
    if foreign_charset { Err(refuse("the charset is not UTF-8", accepted)) } else { Ok(()) }
}

fn refuse(what: &str, accepted: &[&str]) -> Refusal {
    let detail =
        format!("{what}; send `Content-Type: {}` (curl: -H 'Content-Type: {}')", accepted.join("` or `"), accepted[0]);
    Refusal(Problem::new(415, "unsupported_media_type", "Unsupported media type", detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_strict() {
        for (given, expect) in [
            ("application/json", true),
            ("Application/JSON; charset=UTF-8", true),
            ("application/json;charset=\"utf-8\"", true),
            ("application/json; charset=latin1", false),
            ("application/x-www-form-urlencoded", false),
            ("text/plain", false),
            ("text/plain; application/json", false),
            ("application/json, text/plain", false),
            ("multipart/form-data; boundary=x", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, given.parse().expect("a header value"));
            assert_eq!(check(&headers, &["application/json"]).is_ok(), expect, "{given}");
        }
        assert!(check(&HeaderMap::new(), &["application/json"]).is_err());
    }
}
