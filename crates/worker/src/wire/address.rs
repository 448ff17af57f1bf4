//! Where the socket is.

use tokio_tungstenite::tungstenite::http::Uri;

/// `http://host:1` → `ws://host:1/api/ws`. `None` when it is no address of a server.
pub(crate) fn socket(server: &str) -> Option<Uri> {
    let uri: Uri = server.trim().parse().ok()?;
    let scheme = match uri.scheme_str() {
        Some("http" | "ws") => "ws",
        Some("https" | "wss") => "wss",
        _ => return None,
    };
    let authority = uri.authority().filter(|authority| !authority.host().is_empty())?;
    if uri.query().is_some() {
        return None;
    }
    let path = uri.path().trim_end_matches('/').trim_end_matches("/api/ws");
    format!("{scheme}://{authority}{path}/api/ws").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_url_leads_to_its_socket() {
        for (server, expected) in [
            ("http://127.0.0.1:9999", Some("ws://127.0.0.1:9999/api/ws")),
            ("http://127.0.0.1:9999/", Some("ws://127.0.0.1:9999/api/ws")),
            ("https://box.example/flows/", Some("wss://box.example/flows/api/ws")),
            ("ws://[::1]:1/api/ws", Some("ws://[::1]:1/api/ws")),
            ("ftp://box", None),
            ("box:9999", None),
            ("http://box/?a=b", None),
            ("", None),
        ] {
            assert_eq!(socket(server).map(|uri| uri.to_string()).as_deref(), expected, "{server}");
        }
    }
}
