//! Pages of other origins that may use this server: S1's `FRONTEND_URL` and `PRODUCTION_URL`, and `origins`.

use super::{ConfigError, Sources};

/// S1's names, in the surroundings of the process.
pub(super) const VARIABLES: [&str; 2] = ["FRONTEND_URL", "PRODUCTION_URL"];

/// Each as a browser writes it, whichever of the variables it is in.
pub(super) fn read(sources: &Sources) -> Result<Vec<String>, ConfigError> {
    let mut origins = Vec::new();
    if let Some(given) = sources.pick("origins", |layer| layer.origins.clone()) {
        for text in &given.value {
            origins.push(origin(text).ok_or_else(|| given.cannot(expected(text)))?);
        }
    }
    for name in VARIABLES {
        let Some(text) = sources.surrounding(name).filter(|text| !text.is_empty()) else { continue };
        let wrong = || ConfigError::Value { place: name.to_owned(), message: expected(text) };
        origins.push(origin(text).ok_or_else(wrong)?);
    }
    origins.sort_unstable();
    origins.dedup();
    Ok(origins)
}

fn expected(text: &str) -> String {
    let text: String = text.chars().take(100).collect();
    format!("`{text}` is no origin; expected SCHEME://HOST or SCHEME://HOST:PORT, http or https, without path or `*`")
}

/// `https://App.example:443/` is `https://app.example`.
fn origin(text: &str) -> Option<String> {
    let (scheme, rest) = text.trim().split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let usual = match scheme.as_str() {
        "http" => ":80",
        "https" => ":443",
        _ => return None,
    };
    let authority = rest.strip_suffix('/').unwrap_or(rest).to_ascii_lowercase();
    let authority = authority.strip_suffix(usual).unwrap_or(&authority);
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    (!authority.is_empty() && authority.chars().all(is_host)).then(|| format!("{scheme}://{authority}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Layer;

    #[test]
    fn origins_are_exact() {
        for (text, expect) in [
            ("http://localhost:3000", Some("http://localhost:3000")),
            ("https://App.Example:443/", Some("https://app.example")),
            ("http://[::1]:3000", Some("http://[::1]:3000")),
            ("http://a.test:80", Some("http://a.test")),
            ("*", None),
            ("https://*.example", None),
            ("https://a.test/app", None),
            ("https://user@a.test", None),
            ("ftp://a.test", None),
            ("null", None),
            ("https://", None),
        ] {
            assert_eq!(origin(text).as_deref(), expect, "{text}");
        }
    }

    #[test]
    fn each_variable_counts_in_production_too() {
        let variable = |name: &str| match name {
            "FRONTEND_URL" => Some("http://localhost:3000".to_owned()),
            "PRODUCTION_URL" => Some("https://app.example/".to_owned()),
            "NODE_ENV" => Some("production".to_owned()),
            "SIGNALBOX_ORIGINS" => Some("https://other.example".to_owned()),
            _ => None,
        };
        let sources = Sources::gather_from(Layer::default(), None, &variable).expect("sources");
        let all = ["http://localhost:3000", "https://app.example", "https://other.example"];
        assert_eq!(read(&sources).expect("in order"), all);
        let wrong = |name: &str| (name == "FRONTEND_URL").then(|| "*".to_owned());
        let error = read(&Sources::gather_from(Layer::default(), None, &wrong).expect("sources")).unwrap_err();
        assert!(error.to_string().starts_with("FRONTEND_URL: `*` is no origin"), "{error}");
    }
}
