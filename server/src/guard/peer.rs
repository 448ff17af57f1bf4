//! Where a request comes from: the other end of its connection, or whom a declared proxy speaks for.

use crate::{config::Proxies, rest::Refusal};
use axum::http::HeaderMap;
use protocol::Problem;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Whom a request is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// What tries to sign in are counted by. Of IPv6 the network, which is what one customer has.
    pub(crate) address: String,
    /// A declared proxy ended its TLS: cookies are for https only.
    pub(crate) is_secure: bool,
    /// The connection is from this machine.
    pub(crate) is_local: bool,
}

pub(crate) struct Door {
    pub(crate) proxies: Proxies,
    /// Reachable from elsewhere: then only through a proxy.
    pub(crate) is_public: bool,
}

impl Door {
    /// # Errors
    /// 403 `not_through_proxy`: what comes past the proxy comes without TLS.
    pub(super) fn client(&self, peer: Option<Peer>, headers: &HeaderMap) -> Result<Client, Refusal> {
        // Without an address it is a call inside this process, as tests make them.
        let address = peer.map_or(IpAddr::V6(Ipv6Addr::LOCALHOST), |Peer(address)| address.ip()).to_canonical();
        let is_proxy = self.proxies.contains(address);
        if self.is_public && !is_proxy && !address.is_loopback() {
            let detail = format!("{address} is no proxy of this server: call it by its public address");
            return Err(Refusal(Problem::new(403, "not_through_proxy", "Not through the proxy", detail)));
        }
        let spoken_for = if is_proxy { self.spoken_for(headers) } else { None };
        let is_plain = headers.get("x-forwarded-proto").is_some_and(|scheme| scheme.as_bytes() == b"http");
        Ok(Client {
            address: counted(spoken_for.unwrap_or(address)),
            is_secure: is_proxy && spoken_for.is_some() && !is_plain,
            is_local: address.is_loopback() && spoken_for.is_none(),
        })
    }

    /// The last address of `X-Forwarded-For` that is no proxy of ours: those before it are what the client says.
    fn spoken_for(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let lines: Vec<&str> =
            headers.get_all("x-forwarded-for").into_iter().filter_map(|line| line.to_str().ok()).collect();
        let named = lines.iter().flat_map(|line| line.split(',')).map(|text| text.trim().parse::<IpAddr>().ok());
        let named: Vec<Option<IpAddr>> = named.collect();
        let found = named.iter().rev().find(|address| !address.is_some_and(|address| self.proxies.contains(address)));
        found.copied().flatten().or_else(|| named.first().copied().flatten())
    }
}

fn counted(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    #[test]
    fn clients_are_found_behind_proxies() {
        let door = Door { proxies: Proxies::parse(&["10.0.0.0/24".to_owned()]).expect("a network"), is_public: true };
        for (peer, headers, expect) in [
            ("10.0.0.5:1", &[("x-forwarded-for", "192.0.2.7")][..], Ok(("192.0.2.7", true))),
            // What the client said itself counts for nothing.
            ("10.0.0.5:1", &[("x-forwarded-for", "1.1.1.1, 192.0.2.7, 10.0.0.6")], Ok(("192.0.2.7", true))),
            (
                "10.0.0.5:1",
                &[("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "192.0.2.7")],
                Ok(("192.0.2.7", true)),
            ),
            ("10.0.0.5:1", &[("x-forwarded-for", "2001:db8:1:2:3::4")], Ok(("2001:db8:1:2::/64", true))),
            (
                "10.0.0.5:1",
                &[("x-forwarded-for", "192.0.2.7"), ("x-forwarded-proto", "http")],
                Ok(("192.0.2.7", false)),
            ),
            ("10.0.0.5:1", &[], Ok(("10.0.0.5", false))),
            ("127.0.0.1:1", &[("x-forwarded-for", "192.0.2.7")], Ok(("127.0.0.1", false))),
            ("192.0.2.9:1", &[("x-forwarded-for", "10.0.0.5")], Err("not_through_proxy")),
        ] {
            let map: HeaderMap = headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
                .fold(HeaderMap::new(), |mut map, (name, value)| {
                    map.append(name, value);
                    map
                });
            let found = door.client(Some(Peer(peer.parse().expect("an address"))), &map);
            let found = found.map(|client| (client.address, client.is_secure)).map_err(|refusal| refusal.0.code);
            let expect = expect.map(|(address, is_secure)| (address.to_owned(), is_secure)).map_err(str::to_owned);
            assert_eq!(found, expect, "{peer} {headers:?}");
        }
    }
}
