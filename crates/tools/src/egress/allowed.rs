//! One entry of the allow-list.

use std::{fmt, net::IpAddr, str::FromStr};

/// A host, and a port if only that one is meant: `localhost`, `127.0.0.1:8080`, `[::1]:80`, `*.corp.example`,
/// `10.0.0.0/8`. A name is compared with the URL's host, an address or network also with what it resolves to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost {
    host: Host,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Name(String),
    /// The part after `*.`; the name itself is not meant.
    Under(String),
    Network(IpAddr, u8),
}

/// The text is not an entry of an allow-list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no host to allow: expected `name`, `*.name`, `address` or `network/bits`, each with `:port` if only one is meant"
)]
pub struct NotAHost(pub String);

impl AllowedHost {
    /// Whether a connection to `address`, which the URL called `host` (lower case, no trailing dot), is meant.
    pub(super) fn allows(&self, host: &str, port: u16, address: IpAddr) -> bool {
        if self.port.is_some_and(|only| only != port) {
            return false;
        }
        match &self.host {
            Host::Name(name) => name == host,
            Host::Under(parent) => host
                .strip_suffix(parent.as_str())
                .and_then(|rest| rest.strip_suffix('.'))
                .is_some_and(|rest| !rest.is_empty()),
            Host::Network(network, bits) => contains(*network, *bits, address),
        }
    }
}

impl FromStr for AllowedHost {
    type Err = NotAHost;

    fn from_str(text: &str) -> Result<Self, NotAHost> {
        let wrong = || NotAHost(text.to_owned());
        let trimmed = text.trim();
        if let Ok(address) = trimmed.parse::<IpAddr>() {
            return Ok(Self { host: Host::Network(address, bits_of(address)), port: None });
        }
        if let Some((network, bits)) = trimmed.split_once('/') {
            let network: IpAddr = network.parse().map_err(|_| wrong())?;
            let bits: u8 = bits.parse().map_err(|_| wrong())?;
            if bits > bits_of(network) {
                return Err(wrong());
            }
            return Ok(Self { host: Host::Network(network, bits), port: None });
        }
        let (host, port) = match trimmed.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().map_err(|_| wrong())?)),
            None => (trimmed, None),
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Ok(Self { host: Host::Network(address, bits_of(address)), port });
        }
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let (name, under) = match host.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (host.as_str(), false),
        };
        let legal = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || !name.chars().all(legal) {
            return Err(wrong());
        }
        let name = name.to_owned();
        Ok(Self { host: if under { Host::Under(name) } else { Host::Name(name) }, port })
    }
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Name(name) => f.write_str(name)?,
            Host::Under(name) => write!(f, "*.{name}")?,
            Host::Network(network, bits) if *bits == bits_of(*network) && self.port.is_none() => {
                write!(f, "{network}")?
            }
            Host::Network(IpAddr::V6(network), bits) if *bits == 128 => write!(f, "[{network}]")?,
            Host::Network(network, bits) if *bits == bits_of(*network) => write!(f, "{network}")?,
            Host::Network(network, bits) => write!(f, "{network}/{bits}")?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

fn bits_of(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn contains(network: IpAddr, bits: u8, address: IpAddr) -> bool {
    let differing = match (network, address.to_canonical()) {
        (IpAddr::V4(network), IpAddr::V4(address)) => (network.to_bits() ^ address.to_bits()).leading_zeros(),
        (IpAddr::V6(network), IpAddr::V6(address)) => (network.to_bits() ^ address.to_bits()).leading_zeros(),
        _ => return false,
    };
    differing >= u32::from(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_allow_what_they_say() {
        for (entry, host, port, address, expect) in [
            ("localhost", "localhost", 80, "127.0.0.1", true),
            ("LocalHost.", "localhost", 80, "127.0.0.1", true),
            ("localhost", "evil.example", 80, "127.0.0.1", false),
            ("localhost:8080", "localhost", 80, "127.0.0.1", false),
            ("localhost:8080", "localhost", 8080, "127.0.0.1", true),
            ("127.0.0.1", "anything", 80, "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.1", 80, "::ffff:127.0.0.1", true),
            ("127.0.0.1:81", "127.0.0.1", 80, "127.0.0.1", false),
            ("127.0.0.0/8", "x", 80, "127.9.9.9", true),
            ("127.0.0.0/8", "x", 80, "::1", false),
            ("0.0.0.0/0", "x", 80, "127.9.9.9", true),
            ("::1", "x", 80, "::1", true),
            ("[::1]:80", "x", 80, "::1", true),
            ("[::1]:80", "x", 81, "::1", false),
            ("*.corp.example", "a.corp.example", 80, "10.0.0.1", true),
            ("*.corp.example", "corp.example", 80, "10.0.0.1", false),
            ("*.corp.example", "evilcorp.example", 80, "10.0.0.1", false),
        ] {
            let allowed: AllowedHost = entry.parse().expect(entry);
            assert_eq!(allowed.allows(host, port, address.parse().expect(address)), expect, "{entry} {host} {address}");
            assert_eq!(allowed.to_string().parse(), Ok(allowed), "{entry}");
        }
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["", "*", "*.", "a b", "host:", "host:99999", "10.0.0.0/33", "x/8", "http://localhost", "[::1"] {
            assert_eq!(text.parse::<AllowedHost>(), Err(NotAHost(text.to_owned())));
        }
    }
}
