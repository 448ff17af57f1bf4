//! The cookie of who is signed in: no script sees it, no other site sends it.

use http::{HeaderMap, header};

const NAME: &str = "signalbox_session";
/// Behind TLS. The name makes browsers refuse it from other hosts of the domain.
const SECURE_NAME: &str = "__Host-signalbox_session";

/// `secret` for so many seconds.
pub fn set(secret: &str, lasts_s: u64, is_secure: bool) -> String {
    let (name, secure) = if is_secure { (SECURE_NAME, "; Secure") } else { (NAME, "") };
    format!("{name}={secret}; Path=/; Max-Age={lasts_s}; HttpOnly; SameSite=Lax{secure}")
}

/// Takes one of the names away.
pub fn clear(name: &str) -> String {
    let secure = if name == SECURE_NAME { "; Secure" } else { "" };
    format!("{name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{secure}")
}

/// The names a request's cookies have.
pub fn names(headers: &HeaderMap) -> Vec<&'static str> {
    [SECURE_NAME, NAME].into_iter().filter(|name| value(headers, name).is_some()).collect()
}

/// What a browser sends; of both names the one behind TLS first. Behind TLS no other counts: the plain one can be set by
/// other hosts of the domain, and by whoever answers for this one without TLS.
pub fn secrets(headers: &HeaderMap, is_secure: bool) -> impl Iterator<Item = &str> {
    let names: &[&str] = if is_secure { &[SECURE_NAME] } else { &[SECURE_NAME, NAME] };
    names.iter().filter_map(|name| value(headers, name))
}

fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_found_again() {
        for (is_secure, other) in [(true, NAME), (false, SECURE_NAME)] {
            let cookie = set("sbs_x", 60, is_secure);
            assert!(cookie.contains("; HttpOnly; SameSite=Lax") && cookie.contains("Secure") == is_secure, "{cookie}");
            let pair = cookie.split(';').next().unwrap();
            let headers: HeaderMap =
                [(header::COOKIE, format!("a=1; {pair}; theme=dark").parse().unwrap())].into_iter().collect();
            assert_eq!(secrets(&headers, is_secure).collect::<Vec<_>>(), ["sbs_x"]);
            assert!(!names(&headers).contains(&other));
        }
    }

    #[test]
    fn behind_tls_the_plain_cookie_does_not_count() {
        let cookies = format!("{NAME}=sbs_planted; {SECURE_NAME}=sbs_own");
        for (cookies, is_secure, expect) in [
            (&cookies[..], true, &["sbs_own"][..]),
            (&cookies, false, &["sbs_own", "sbs_planted"]),
            ("signalbox_session=sbs_planted", true, &[]),
        ] {
            let headers: HeaderMap = [(header::COOKIE, cookies.parse().unwrap())].into_iter().collect();
            assert_eq!(secrets(&headers, is_secure).collect::<Vec<_>>(), expect, "{cookies} {is_secure}");
        }
    }
}
