//! The Host allow-list: every request must name this server.
//!
//! Without it, a name that resolves to 127.0.0.1 makes any web page same-origin with this server
//! (DNS rebinding).

use crate::rest::Refusal;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, Uri, header::HOST},
    middleware::Next,
    response::{IntoResponse, Response},
};
use protocol::Problem;
use std::{net::SocketAddr, sync::Arc};

/// Authorities (`name:port`, lower case) this server answers to.
#[derive(Clone, Debug)]
pub(crate) struct AllowedHosts {
    authorities: Vec<String>,
    /// Pages elsewhere that may use this server, as browsers write them: `https://app.example`.
    origins: Vec<String>,
}

impl AllowedHosts {
    /// The address itself, `localhost`, both loopback addresses, and what the configuration adds. An added name
    /// without a port is meant with any port.
    pub(crate) fn new(address: SocketAddr, added: &[String]) -> Self {
        let port = address.port();
        let mut authorities: Vec<String> =
            ["127.0.0.1", "localhost", "[::1]"].iter().map(|name| format!("{name}:{port}")).collect();
        for authority in std::iter::once(&address.to_string()).chain(added) {
            if !authorities.contains(authority) {
                authorities.push(authority.clone());
            }
        }
        Self { authorities, origins: Vec::new() }
    }

    /// With pages of these origins.
    pub(crate) fn with_origins(self, origins: &[String]) -> Self {
        Self { origins: origins.to_vec(), ..self }
    }

    /// Whether an origin is one of those pages.
    pub(crate) fn names_origin(&self, origin: &str) -> bool {
        self.origins.iter().any(|named| named == origin)
    }

    /// Whether an authority is this server. `scheme_port` is the port meant when the authority names none.
    pub(crate) fn contains(&self, authority: &str, scheme_port: u16) -> bool {
        let authority = authority.to_ascii_lowercase();
        let (name, port) = split_port(&authority);
        let full = format!("{name}:{}", port.unwrap_or(&scheme_port.to_string()));
        self.authorities.iter().any(|allowed| match split_port(allowed) {
            (_, Some(_)) => *allowed == full,
            (allowed, None) => allowed == name,
        })
    }

    fn listed(&self) -> String {
        self.authorities.join(", ")
    }
}

/// `[::1]:80` → (`[::1]`, `80`).
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => (name, Some(port)),
        _ => (authority, None),
    }
}

pub(crate) async fn check(State(hosts): State<Arc<AllowedHosts>>, request: Request, next: Next) -> Response {
    match named(request.headers(), request.uri()) {
        Some(authority) if hosts.contains(authority, 80) => next.run(request).await,
        named => refuse(&hosts, named).into_response(),
    }
}

/// The one authority a request names; `None` when it names none or contradicts itself.
fn named<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let mut hosts = headers.get_all(HOST).iter();
    let header = hosts.next().map(|host| host.to_str().unwrap_or_default());
    if hosts.next().is_some() {
        return None;
    }
    match (uri.authority(), header) {
        (Some(authority), Some(header)) if authority.as_str() != header => None,
        (Some(authority), _) => Some(authority.as_str()),
        (None, header) => header,
    }
}

fn refuse(hosts: &AllowedHosts, named: Option<&str>) -> Refusal {
    let asked = named.map_or("no host or several".to_owned(), |name| format!("`{}`", shorten(name)));
    Refusal(Problem::new(
        403,
        "host_not_allowed",
        "Host not allowed",
        format!(
            "the request names {asked}, but this server answers as {} only; add the name to `hosts` in the \
             configuration if it is yours",
            hosts.listed()
        ),
    ))
}

fn shorten(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_server_is_meant() {
        let hosts = AllowedHosts::new(
            SocketAddr::from(([127, 0, 0, 1], 9999)),
            &["box.test:80".to_owned(), "any.test".to_owned()],
        );
        for (authority, expect) in [
            ("127.0.0.1:9999", true),
            ("localhost:9999", true),
            ("LOCALHOST:9999", true),
            ("[::1]:9999", true),
            ("127.0.0.1", false),
            ("127.0.0.1:80", false),
            ("localhost:9998", false),
            ("localhost.:9999", false),
            ("localhost:9999.evil.test", false),
            ("evil.test:9999", false),
            ("localhost:09999", false),
            ("box.test", true),
            ("box.test:80", true),
            ("box.test:81", false),
            ("any.test:4711", true),
            ("not-any.test", false),
            ("", false),
            ("user@localhost:9999", false),
        ] {
            assert_eq!(hosts.contains(authority, 80), expect, "{authority}");
        }
    }
}
