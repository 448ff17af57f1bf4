//! From a URL's path to a file's path.

/// The path below the site folder; `None` for anything that is no plain file name in plain folders.
pub(super) fn of_url(url_path: &str) -> Option<&str> {
    let path = url_path.strip_prefix('/')?;
    let plain = |segment: &str| {
        !segment.is_empty()
            && !segment.starts_with('.')
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    (path.len() <= 255 && path.split('/').all(plain)).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_files() {
        for (url, expect) in [
            ("/pkg/signalbox.wasm", Some("pkg/signalbox.wasm")),
            ("/favicon.ico", Some("favicon.ico")),
            ("/", None),
            ("//pkg/a", None),
            ("/pkg/", None),
            ("/../etc/passwd", None),
            ("/pkg/../../x", None),
            ("/pkg/.hidden", None),
            ("/pkg/%2e%2e/x", None),
            ("/pkg/a\\b", None),
            ("/pkg/a b", None),
        ] {
            assert_eq!(of_url(url), expect, "{url}");
        }
    }
}
