//! Light, dark, or what the system says; kept in a cookie, so that the first byte of a page knows it.

use http::HeaderMap;

const COOKIE: &str = "theme";
const ONE_YEAR_S: u32 = 31_536_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Theme::System, Theme::Light, Theme::Dark].into_iter().find(|theme| theme.word() == word)
    }

    /// What the switch leads to.
    pub(crate) fn next(self) -> Self {
        match self {
            Theme::System => Theme::Light,
            Theme::Light => Theme::Dark,
            Theme::Dark => Theme::System,
        }
    }

    pub(crate) fn from_cookies(headers: &HeaderMap) -> Self {
        headers
            .get_all(http::header::COOKIE)
            .into_iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .find_map(|(name, value)| (name == COOKIE).then(|| Self::parse(value)).flatten())
            .unwrap_or_default()
    }

    /// The value of a `Set-Cookie` header.
    pub(crate) fn cookie(self) -> String {
        format!("{COOKIE}={}; Path=/; Max-Age={ONE_YEAR_S}; SameSite=Lax", self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn theme_is_read_from_its_cookie_alone() {
        for (cookies, theme) in [
            ("theme=dark", Theme::Dark),
            ("a=b; theme=light", Theme::Light),
            ("theme=pink", Theme::System),
            ("dark", Theme::System),
            ("", Theme::System),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(http::header::COOKIE, cookies.parse().expect("a header value"));
            assert_eq!(Theme::from_cookies(&headers), theme, "{cookies}");
        }
    }
}
