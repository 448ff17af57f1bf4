//! Cross-site writes and upgrades are refused.
//!
//! Browsers say where a request comes from (`Origin`, `Sec-Fetch-Site`) and pages cannot forge either. Programs
//! that are no browser send neither, and are let through: they could forge both.

use super::AllowedHosts;
use crate::{rest::Refusal, socketio};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use protocol::Problem;
use std::sync::Arc;

pub(crate) async fn check(State(hosts): State<Arc<AllowedHosts>>, request: Request, next: Next) -> Response {
    // Other sites are who calls webhooks. Those without a signature ask `is_of_this_machine`.
    let is_hook = request.uri().path().starts_with("/hooks/") && !request.headers().contains_key(header::UPGRADE);
    // Long polling opens its connection with a plain read.
    let is_connection = socketio::is_ours(request.uri().path());
    if is_hook || !(is_connection || is_write_or_upgrade(request.method(), request.headers())) {
        return next.run(request).await;
    }
    match foreign(request.headers(), &hosts) {
        None => next.run(request).await,
        Some(from) => refuse(&from).into_response(),
    }
}

/// What proxies add: a request that carries one came from elsewhere, whatever name it calls the server by.
const PROXIED: [&str; 9] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "cf-connecting-ip",
    "true-client-ip",
    "x-client-ip",
];

/// Whether a request was made by a program of this machine: it calls the server by a loopback name, no page sent it,
/// and no proxy passed it on. A proxy that says `Host: localhost` and nothing of whom it speaks for is not told apart:
/// docs/operations.md warns of it.
pub(crate) fn is_of_this_machine(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let is_page = headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site");
    ["127.0.0.1", "localhost", "[::1]"].contains(&name) && !is_page && !is_proxied(headers)
}

pub(crate) fn is_proxied(headers: &HeaderMap) -> bool {
    PROXIED.iter().any(|name| headers.contains_key(*name))
}

/// Everything but plain reads.
fn is_write_or_upgrade(method: &Method, headers: &HeaderMap) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) || headers.contains_key(header::UPGRADE)
}

/// What gives the request away as coming from another site, or `None`.
fn foreign(headers: &HeaderMap, hosts: &AllowedHosts) -> Option<String> {
    let mut origins = headers.get_all(header::ORIGIN).iter().peekable();
    let is_named = |origin: &HeaderValue| origin.to_str().is_ok_and(|origin| hosts.names_origin(origin));
    if origins.peek().is_some() && origins.all(is_named) {
        return None;
    }
    for site in headers.get_all("sec-fetch-site") {
        match site.as_bytes() {
            b"same-origin" | b"none" => {}
            other => return Some(format!("Sec-Fetch-Site: {}", printable(other))),
        }
    }
    for origin in headers.get_all(header::ORIGIN) {
        let ours = origin.to_str().is_ok_and(|origin| is_ours(origin, hosts));
        if !ours {
            return Some(format!("Origin: {}", printable(origin.as_bytes())));
        }
    }
    None
}

fn is_ours(origin: &str, hosts: &AllowedHosts) -> bool {
    match origin.split_once("://") {
        Some(("http", authority)) => hosts.contains(authority, 80),
        Some(("https", authority)) => hosts.contains(authority, 443),
        _ => false,
    }
}

fn printable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned()
}

fn refuse(from: &str) -> Refusal {
    Refusal(Problem::new(
        403,
        "cross_site",
        "Cross-site request refused",
        format!(
            "requests that change something are taken from this server's own pages and from programs, not from `{from}`"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderName;
    use std::net::SocketAddr;

    #[test]
    fn foreign_requests_are_told_apart() {
        let hosts = AllowedHosts::new(SocketAddr::from(([127, 0, 0, 1], 9999)), &[]);
        let hosts = hosts.with_origins(&["https://app.test".to_owned()]);
        for (given, expect) in [
            (&[][..], false),
            (&[("origin", "http://127.0.0.1:9999")], false),
            (&[("origin", "http://localhost:9999"), ("sec-fetch-site", "same-origin")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("origin", "https://app.test"), ("sec-fetch-site", "cross-site")], false),
            (&[("origin", "http://app.test")], true),
            (&[("origin", "https://app.test:8443")], true),
            (&[("origin", "https://app.test"), ("origin", "http://evil.test")], true),
            (&[("origin", "null")], true),
            (&[("origin", "")], true),
            (&[("origin", "http://evil.test")], true),
            (&[("origin", "http://localhost:8080")], true),
            (&[("origin", "http://localhost")], true),
            (&[("origin", "https://localhost:9999.evil.test")], true),
            (&[("origin", "file://")], true),
            (&[("sec-fetch-site", "cross-site")], true),
            (&[("sec-fetch-site", "same-site")], true),
            (&[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")], true),
            (&[("origin", "http://127.0.0.1:9999"), ("sec-fetch-site", "cross-site")], true),
            (&[("origin", "http://127.0.0.1:9999"), ("origin", "http://evil.test")], true),
        ] {
            let headers: HeaderMap = given
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
                .fold(HeaderMap::new(), |mut map, (name, value)| {
                    map.append(name, value);
                    map
                });
            assert_eq!(foreign(&headers, &hosts).is_some(), expect, "{given:?}");
        }
    }
}
