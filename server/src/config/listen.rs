//! Where the server listens.

use super::{ConfigError, Sources, access::Access};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

const DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9999);

/// Under `cargo leptos watch` its address is used where nothing else says one. Off loopback only behind a proxy; that
/// somebody can sign in is looked at when the store is open.
pub(super) fn read(sources: &Sources, access: &Access) -> Result<SocketAddr, ConfigError> {
    let Some(given) = sources.pick("listen", |layer| layer.listen.clone()) else {
        let watched = sources.surrounding("LEPTOS_SITE_ADDR").and_then(|addr| addr.parse().ok());
        return Ok(watched.unwrap_or(DEFAULT));
    };
    let text = given.value.as_str();
    let address = parse(text)
        .ok_or_else(|| given.cannot(format!("`{text}` is no address; expected HOST:PORT such as 127.0.0.1:9999")))?;
    if !address.ip().is_loopback() && !access.proxy.is_declared() {
        return Err(given.cannot(format!(
            "{address} would be reachable from other machines without TLS: name the proxy that ends TLS (--proxy \
             ADDRESS), or listen on 127.0.0.1 and reach it through an SSH tunnel"
        )));
    }
    Ok(address)
}

/// `localhost` is taken as 127.0.0.1, without asking a resolver.
fn parse(text: &str) -> Option<SocketAddr> {
    match text.strip_prefix("localhost:") {
        Some(port) => Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port.parse().ok()?)),
        None => match text.strip_prefix(':') {
            Some(port) => Some(SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), port.parse().ok()?)),
            None => text.parse().ok(),
        },
    }
}
