//! `POST /api/sf/set_theme`

use super::reply::{Html, Reply};
use crate::{href, theme::Theme};
use leptos::{prelude::*, server, server_fn::codec::PostUrl};

/// Back to where the switch was. An unknown theme is the system's.
#[server(prefix = "/api/sf", endpoint = "set_theme", input = PostUrl, output = Html)]
pub async fn set_theme(theme: String, return_to: String) -> Result<Reply, ServerFnError> {
    let theme = Theme::parse(&theme).unwrap_or_default();
    Ok(Reply::see_other(own_place(&return_to)).with_cookie(&theme.cookie()))
}

/// Only places of ours: a path, not another host in disguise.
fn own_place(return_to: &str) -> &str {
    let is_path = return_to.starts_with('/') && !return_to.starts_with("//") && !return_to.starts_with("/\\");
    if is_path && return_to.is_ascii() { return_to } else { href::DASHBOARD }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_stay_here() {
        for (return_to, place) in [
            ("/executions?q=a", "/executions?q=a"),
            ("https://elsewhere.example", "/"),
            ("//elsewhere.example", "/"),
            ("/\\elsewhere.example", "/"),
            ("", "/"),
        ] {
            assert_eq!(own_place(return_to), place);
        }
    }
}
