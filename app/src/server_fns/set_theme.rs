//! `POST /api/sf/set_theme`

use super::reply::{Html, Reply, own_place};
use crate::theme::Theme;
use leptos::{prelude::*, server, server_fn::codec::PostUrl};

/// Back to where the switch was. An unknown theme is the system's.
#[server(prefix = "/api/sf", endpoint = "set_theme", input = PostUrl, output = Html)]
pub async fn set_theme(theme: String, return_to: String) -> Result<Reply, ServerFnError> {
    let theme = Theme::parse(&theme).unwrap_or_default();
    Ok(Reply::see_other(own_place(&return_to)).with_cookie(&theme.cookie()))
}
