//! Where a request comes from: the other end of its connection, or whom a declared proxy speaks for.

use crate::{config::Proxies, rest::Refusal};
use axum::http::HeaderMap;
use protocol::Problem;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Whom a request is from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Client {
    /// What tries to sign in are counted by. Of IPv6 the network, which is what one customer has.
    pub(crate) address: String,
    /// A declared proxy ended its TLS: cookies are for https only.
    pub(crate) is_secure: bool,
    /// The connection is from this machine, and no declared proxy passed the request on.
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
        let is_passed_on = is_proxy && headers.contains_key(FORWARDED_FOR);
        let is_plain = headers.get("x-forwarded-proto").is_some_and(|scheme| scheme.as_bytes() == b"http");
        Ok(Client {
            address: counted(if is_passed_on { self.spoken_for(address, headers) } else { address }),
            is_secure: is_passed_on && !is_plain,
            is_local: address.is_loopback() && !is_passed_on,
        })
    }

    /// The last address of `X-Forwarded-For` that is no proxy of ours. What stands before it is what the client says, and
    /// so is what stands before something that cannot be read: then it is the proxy that passed that on.
    fn spoken_for(&self, proxy: IpAddr, headers: &HeaderMap) -> IpAddr {
        let lines = headers.get_all(FORWARDED_FOR).into_iter().map(|line| String::from_utf8_lossy(line.as_bytes()));
        let lines: Vec<_> = lines.collect();
        let mut found = proxy;
        for text in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
            let Some(address) = read(text.trim()) else { break };
            found = address;
            if !self.proxies.contains(address) {
                break;
            }
        }
        found
    }
}

/// An address, as proxies write it: alone or with a port, IPv6 in brackets then.
fn read(text: &str) -> Option<IpAddr> {
    let alone = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    alone.parse().ok().or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip()))
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
            ("10.0.0.5:1", &[("x-forwarded-for", "1.1.1.1, 192.0.2.7:4711")], Ok(("192.0.2.7", true))),
            ("10.0.0.5:1", &[("x-forwarded-for", "1.1.1.1, [2001:db8:1:2:3::4]:80")], Ok(("2001:db8:1:2::/64", true))),
            ("10.0.0.5:1", &[("x-forwarded-for", "1.1.1.1, [2001:db8:1:2:3::4]")], Ok(("2001:db8:1:2::/64", true))),
            // What cannot be read is passed over with all that stands before it, which the client may have made up.
            ("10.0.0.5:1", &[("x-forwarded-for", "1.1.1.1, unknown")], Ok(("10.0.0.5", true))),
            ("10.0.0.5:1", &[("x-forwarded-for", "1.1.1.1, unknown, 10.0.0.6")], Ok(("10.0.0.6", true))),
            ("10.0.0.5:1", &[("x-forwarded-for", "unknown, 192.0.2.7")], Ok(("192.0.2.7", true))),
            ("10.0.0.5:1", &[("x-forwarded-for", "é, 192.0.2.7")], Ok(("192.0.2.7", true))),
            ("10.0.0.5:1", &[("x-forwarded-for", "1.1.1.1,")], Ok(("10.0.0.5", true))),
            ("10.0.0.5:1", &[("x-forwarded-for", "")], Ok(("10.0.0.5", true))),
            ("10.0.0.5:1", &[("x-forwarded-for", "10.0.0.7, 10.0.0.6")], Ok(("10.0.0.7", true))),
            ("10.0.0.5:1", &[], Ok(("10.0.0.5", false))),
            ("127.0.0.1:1", &[("x-forwarded-for", "192.0.2.7")], Ok(("127.0.0.1", false))),
            ("192.0.2.9:1", &[("x-forwarded-for", "10.0.0.5")], Err("not_through_proxy")),
        ] {
            let map: HeaderMap = headers
                .iter()
                .map(|(name, value)| {
                    (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).expect("a value"))
                })
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
