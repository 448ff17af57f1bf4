//! The decision: may this URL be called, and at which addresses.

use super::{AddressClass, AllowedHost};
use std::net::{IpAddr, SocketAddr};
use url::{Host, Url};

/// Where outbound connections may go.
#[derive(Clone, Debug)]
pub struct EgressPolicy {
    /// Exceptions for loopback, and for private networks where those are refused.
    pub allow: Vec<AllowedHost>,
    /// Whether private networks may be called without an entry.
    pub allow_private: bool,
}

impl Default for EgressPolicy {
    fn default() -> Self {
        Self { allow: Vec::new(), allow_private: true }
    }
}

/// A host with the addresses that were checked; connect to these and to nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// The URL's host as it goes into the request; `None` when the URL names an address.
    pub name: Option<String>,
    pub addresses: Vec<SocketAddr>,
}

/// Why a URL is not called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("`{0}` is no URL to call: only http and https are")]
    Scheme(String),
    #[error("`{0}` has no host")]
    NoHost(String),
    #[error("a URL with a user name or password in it is not called; pass an `Authorization` header")]
    UserInfo,
    #[error("`{host}` cannot be resolved: {why}")]
    Unresolved { host: String, why: String },
    #[error("`{host}` leads to {address}, {}: {}", class.words(), way_out(*class))]
    Address { host: String, address: IpAddr, class: AddressClass },
}

fn way_out(class: AddressClass) -> &'static str {
    match class {
        AddressClass::Loopback | AddressClass::Private => {
            "refused unless the server's egress allow-list has the host (and port)"
        }
        _ => "always refused",
    }
}

impl EgressPolicy {
    /// Checks the URL's form, resolves its host, and checks every address. A name with one refused address is
    /// refused as a whole.
    ///
    /// # Errors
    /// [`Refused`], which says why.
    pub async fn resolve(&self, url: &Url) -> Result<Pinned, Refused> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refused::Scheme(url.scheme().to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::UserInfo);
        }
        let host = url.host().ok_or_else(|| Refused::NoHost(url.to_string()))?;
        let port = url.port_or_known_default().unwrap_or_default();
        let (name, addresses) = match host {
            Host::Ipv4(address) => (None, vec![SocketAddr::from((address, port))]),
            Host::Ipv6(address) => (None, vec![SocketAddr::from((address, port))]),
            Host::Domain(name) => (Some(name.to_owned()), looked_up(name, port).await?),
        };
        let called = host.to_string().trim_end_matches('.').to_ascii_lowercase();
        for address in &addresses {
            self.check(&called, port, address.ip())?;
        }
        Ok(Pinned { name, addresses })
    }

    /// As [`EgressPolicy::resolve`], for a server that an operator named in a stored credential: private networks
    /// and this machine are fine then, since no playbook chose them. What is always refused stays so.
    ///
    /// # Errors
    /// [`Refused`], which says why.
    pub async fn resolve_stored(&self, host: &str, port: u16) -> Result<Pinned, Refused> {
        let (name, addresses) = match host.parse::<IpAddr>() {
            Ok(address) => (None, vec![SocketAddr::from((address, port))]),
            Err(_) => (Some(host.to_owned()), looked_up(host, port).await?),
        };
        for address in &addresses {
            let class = AddressClass::of(address.ip());
            if !matches!(class, AddressClass::Public | AddressClass::Private | AddressClass::Loopback) {
                return Err(Refused::Address { host: host.to_owned(), address: address.ip(), class });
            }
        }
        Ok(Pinned { name, addresses })
    }

    fn check(&self, host: &str, port: u16, address: IpAddr) -> Result<(), Refused> {
        let class = AddressClass::of(address);
        let fine = match class {
            AddressClass::Public => true,
            AddressClass::Private if self.allow_private => true,
            AddressClass::Private | AddressClass::Loopback => {
                self.allow.iter().any(|entry| entry.allows(host, port, address))
            }
            _ => false,
        };
        if fine { Ok(()) } else { Err(Refused::Address { host: host.to_owned(), address, class }) }
    }
}

async fn looked_up(name: &str, port: u16) -> Result<Vec<SocketAddr>, Refused> {
    let unresolved = |why: String| Refused::Unresolved { host: name.to_owned(), why };
    let found: Vec<SocketAddr> =
        tokio::net::lookup_host((name, port)).await.map_err(|error| unresolved(error.to_string()))?.collect();
    if found.is_empty() { Err(unresolved("it has no address".to_owned())) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(policy: &EgressPolicy, url: &str, expect: Result<(), &str>) {
        let url = Url::parse(url).expect(url);
        match (policy.resolve(&url).await, expect) {
            (Ok(_), Ok(())) => {}
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{url}: {error}"),
            (found, _) => panic!("{url}: {found:?}, expected {expect:?}"),
        }
    }

    #[tokio::test]
    async fn refused_addresses_are_refused_in_every_form() {
        let policy = EgressPolicy::default();
        for (url, expect) in [
            ("http://127.0.0.1/", Err("127.0.0.1, a loopback address")),
            ("http://127.1/", Err("127.0.0.1, a loopback address")),
            ("http://2130706433/", Err("127.0.0.1, a loopback address")),
            ("http://0x7f000001/", Err("127.0.0.1, a loopback address")),
            ("http://0177.0.0.1/", Err("127.0.0.1, a loopback address")),
            ("http://0x7f.0.0.0x1/", Err("127.0.0.1, a loopback address")),
            ("http://%31%32%37.0.0.1/", Err("127.0.0.1, a loopback address")),
            ("http://127。0。0。1/", Err("127.0.0.1, a loopback address")),
            ("http://[::1]/", Err("a loopback address")),
            ("http://[::ffff:127.0.0.1]/", Err("a loopback address")),
            ("http://[::ffff:7f00:1]/", Err("a loopback address")),
            ("http://localhost/", Err("a loopback address")),
            // Some resolvers know it with the dot, some do not.
            ("http://LOCALHOST./", Err("localhost")),
            ("http://169.254.169.254/latest/meta-data/", Err("link-local address: always refused")),
            ("http://2852039166/", Err("link-local address: always refused")),
            ("http://0xa9fea9fe/", Err("link-local address: always refused")),
            ("http://[::ffff:169.254.169.254]/", Err("link-local address: always refused")),
            ("http://[fe80::1]/", Err("link-local address: always refused")),
            ("http://[fd00:ec2::254]/", Err("metadata address: always refused")),
            ("http://0.0.0.0/", Err("an unspecified address")),
            ("http://0/", Err("an unspecified address")),
            ("http://[::]/", Err("an unspecified address")),
            ("http://224.0.0.1/", Err("a multicast address")),
            ("http://example.com@127.0.0.1/", Err("user name or password")),
            ("http://user:secret@10.0.0.1/", Err("user name or password")),
            ("ftp://10.0.0.1/", Err("only http and https")),
            ("file:///etc/passwd", Err("only http and https")),
            ("http://a..b/", Err("cannot be resolved")),
            ("http://10.0.0.1/", Ok(())),
            ("http://192.168.0.1:8080/", Ok(())),
            ("https://93.184.216.34/", Ok(())),
        ] {
            check(&policy, url, expect).await;
        }
    }

    #[tokio::test]
    async fn stored_servers_may_be_on_this_machine_and_never_link_local() {
        let policy = EgressPolicy { allow: Vec::new(), allow_private: false };
        for (host, expect) in [
            ("127.0.0.1", true),
            ("localhost", true),
            ("::1", true),
            ("10.0.0.1", true),
            ("93.184.216.34", true),
            ("169.254.169.254", false),
            ("::ffff:169.254.169.254", false),
            ("fd00:ec2::254", false),
            ("0.0.0.0", false),
            ("224.0.0.1", false),
            ("2852039166", false),
        ] {
            assert_eq!(policy.resolve_stored(host, 5432).await.is_ok(), expect, "{host}");
        }
    }

    #[tokio::test]
    async fn the_allow_list_opens_loopback_and_private_and_nothing_else() {
        let allow = ["localhost:8080", "127.0.0.1:9000", "10.1.0.0/16", "169.254.169.254", "0.0.0.0/0"];
        let allow: Vec<AllowedHost> = allow.iter().map(|entry| entry.parse().expect(entry)).collect();
        let strict = EgressPolicy { allow: allow[..3].to_vec(), allow_private: false };
        for (url, expect) in [
            ("http://localhost:8080/", Ok(())),
            ("http://localhost:8081/", Err("a loopback address")),
            ("http://127.0.0.1:9000/", Ok(())),
            ("http://2130706433:9000/", Ok(())),
            ("http://127.0.0.1:9001/", Err("a loopback address")),
            ("http://10.1.2.3/", Ok(())),
            ("http://10.2.2.3/", Err("a private address: refused unless")),
        ] {
            check(&strict, url, expect).await;
        }
        let wide = EgressPolicy { allow, allow_private: true };
        for url in ["http://169.254.169.254/", "http://0.0.0.0/", "http://224.0.0.1/"] {
            check(&wide, url, Err("always refused")).await;
        }
    }
}
