//! Who has to prove who they are, behind which proxy, and whose JSON Web Tokens are believed.

use super::{ConfigError, Sources};
use protocol::Role;
use secrecy::SecretString;
use std::{collections::BTreeMap, net::IpAddr};

/// HMAC-SHA256 is as strong as its key: shorter ones are guessed offline from any token.
const SECRET_BYTES: usize = 32;

#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Also of who is at this machine. Off loopback it is required in any case.
    pub required: bool,
    pub proxy: Proxies,
    pub jwt: Option<JwtConfig>,
}

/// The programs that end TLS before this server, by their addresses. What they say of who they speak for is believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(Vec<(IpAddr, u8)>);

#[derive(Clone, Debug)]
pub struct JwtConfig {
    pub keys: JwtKeys,
    pub issuer: String,
    pub audience: String,
    /// The claim that says the role: a word or a list of words.
    pub role_claim: String,
    /// What words of the claim mean, where they are not our own.
    pub roles: BTreeMap<String, Role>,
}

#[derive(Clone, Debug)]
pub enum JwtKeys {
    /// HS256.
    Secret(SecretString),
    /// A JSON Web Key Set at this URL: RS256, ES256, EdDSA and their longer kin.
    Url(reqwest::Url),
}

impl Proxies {
    pub fn is_declared(&self) -> bool {
        !self.0.is_empty()
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|(network, bits)| is_in(address, *network, *bits))
    }

    /// # Errors
    /// Naming what is no address.
    pub fn parse(list: &[String]) -> Result<Self, String> {
        list.iter().map(|text| network(text)).collect::<Result<_, _>>().map(Self)
    }
}

fn network(text: &str) -> Result<(IpAddr, u8), String> {
    let wrong = || format!("`{text}` is no address; expected one such as 10.0.0.5, or a network such as 10.0.0.0/8");
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let address: IpAddr = address.parse().map_err(|_| wrong())?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Ok(most), str::parse).map_err(|_| wrong())?;
    if bits == 0 || bits > most {
        return Err(wrong());
    }
    Ok((address, bits))
}

fn is_in(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            (u32::from(address) ^ u32::from(network)).leading_zeros() >= u32::from(bits)
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            (u128::from(address) ^ u128::from(network)).leading_zeros() >= u32::from(bits)
        }
        _ => false,
    }
}

pub(super) fn read(sources: &Sources) -> Result<Access, ConfigError> {
    let required = match sources.pick("auth", |layer| layer.auth.clone()) {
        None => false,
        Some(given) => match given.value.as_str() {
            "required" => true,
            "local" => false,
            other => {
                return Err(given.cannot(format!(
                    "`{other}` is none; expected `required`, or `local`: whoever is at this machine is an admin"
                )));
            }
        },
    };
    let proxy = match sources.pick("proxy", |layer| layer.proxy.clone()) {
        Some(given) => Proxies::parse(&given.value).map_err(|why| given.cannot(why))?,
        None => Proxies::default(),
    };
    Ok(Access { required, proxy, jwt: jwt(sources)? })
}

fn jwt(sources: &Sources) -> Result<Option<JwtConfig>, ConfigError> {
    let secret = match sources.pick("jwt_secret_file", |layer| layer.jwt_secret_file.clone()) {
        None => None,
        Some(given) => {
            let path = given.path();
            let text = std::fs::read_to_string(&path)
                .map_err(|error| given.cannot(format!("{} cannot be read: {error}", path.display())))?;
            let text = text.trim();
            if text.len() < SECRET_BYTES {
                return Err(given.cannot(format!("the secret has {} bytes, and needs {SECRET_BYTES}", text.len())));
            }
            Some((SecretString::from(text.to_owned()), given))
        }
    };
    let url = sources.pick("jwt_jwks_url", |layer| layer.jwt_jwks_url.clone());
    let (keys, given) = match (secret, url) {
        (None, None) => return Ok(None),
        (Some(_), Some(url)) => {
            return Err(url.cannot("there is a secret too: tokens are signed with one or the other"));
        }
        (Some((secret, given)), None) => (JwtKeys::Secret(secret), given),
        (None, Some(given)) => {
            let url = reqwest::Url::parse(&given.value)
                .ok()
                .filter(|url| matches!(url.scheme(), "https" | "http"))
                .ok_or_else(|| given.cannot(format!("`{}` is no URL of a key set", given.value)))?;
            (JwtKeys::Url(url), given)
        }
    };
    let need = |name: &str, value: Option<String>| {
        value.ok_or_else(|| given.cannot(format!("`{name}` is missing: a token of anybody else must not count here")))
    };
    let issuer = sources.pick("jwt_issuer", |layer| layer.jwt_issuer.clone()).map(|given| given.value);
    let audience = sources.pick("jwt_audience", |layer| layer.jwt_audience.clone()).map(|given| given.value);
    let role_claim = sources.pick("jwt_role_claim", |layer| layer.jwt_role_claim.clone()).map(|given| given.value);
    let mut roles = BTreeMap::new();
    if let Some(given) = sources.pick("jwt_roles", |layer| layer.jwt_roles.clone()) {
        for pair in &given.value {
            let (word, role) = pair.split_once('=').ok_or_else(|| given.cannot(format!("`{pair}` is no WORD=ROLE")))?;
            let role = role.trim().parse().map_err(|error| given.cannot(format!("`{pair}`: {error}")))?;
            roles.insert(word.trim().to_owned(), role);
        }
    }
    Ok(Some(JwtConfig {
        issuer: need("jwt_issuer", issuer)?,
        audience: need("jwt_audience", audience)?,
        role_claim: role_claim.unwrap_or_else(|| "role".to_owned()),
        roles,
        keys,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_addresses_and_networks() {
        let list = ["10.1.0.0/16", "127.0.0.1", "fd00::/8"].map(str::to_owned);
        let proxies = Proxies::parse(&list).expect("addresses");
        for (address, expect) in [
            ("10.1.200.3", true),
            ("10.2.0.1", false),
            ("127.0.0.1", true),
            ("::ffff:127.0.0.1", true),
            ("127.0.0.2", false),
            ("fd12::1", true),
            ("fe80::1", false),
        ] {
            assert_eq!(proxies.contains(address.parse().expect("an address")), expect, "{address}");
        }
        for wrong in ["localhost", "10.0.0.0/33", "0.0.0.0/0", "10.0.0.1:80", ""] {
            assert!(Proxies::parse(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
        assert!(!Proxies::default().is_declared());
    }
}
