//! JSON Web Tokens of an issuer this server trusts: HS256 with a shared secret, or public keys from a key set.

mod keys;

use crate::config::JwtConfig;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header, errors::ErrorKind};
use keys::Keys;
use protocol::{Identity, Problem, Role, Timestamp, access::CredentialId};
use serde::Deserialize;
use serde_json::{Map, Value};
use tools::EgressPolicy;

/// How far the clocks of this server and of the issuer may be apart.
const LEEWAY_S: u32 = 30;
/// Longer ones are no tokens. The socket's frames and a request's headers are bounded too.
const BYTES: usize = 16 << 10;
/// Longest subject: it is shown, and part of events.
const SUBJECT: usize = 200;

pub(crate) struct Jwt {
    config: JwtConfig,
    keys: Keys,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    /// Seconds since 1970, with a fraction where the issuer says one.
    exp: f64,
    #[serde(default)]
    protocols: Option<Vec<String>>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl Jwt {
    pub(crate) fn new(config: JwtConfig, egress: EgressPolicy) -> Self {
        let keys = Keys::new(&config.keys, egress);
        Self { config, keys }
    }

    /// Whose token it is.
    ///
    /// # Errors
    /// 401 `jwt_invalid`, `token_expired`; 403 when it names no role; 503 when the issuer's keys cannot be had.
    pub(crate) async fn verify(&self, token: &str) -> Result<Identity, Problem> {
        if token.len() > BYTES {
            return Err(invalid("it is too long"));
        }
        let header = decode_header(token).map_err(|_| invalid("its header cannot be read"))?;
        let key = self.keys.find(header.alg, header.kid.as_deref()).await?;
        let claims = decode::<Claims>(token, &key, &self.validation(header.alg)).map_err(|error| told(error.kind()))?;
        self.identity(claims.claims)
    }

    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.leeway = u64::from(LEEWAY_S);
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.config.issuer]);
        validation.set_audience(&[&self.config.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation
    }

    fn identity(&self, claims: Claims) -> Result<Identity, Problem> {
        let Claims { sub, exp, protocols, others } = claims;
        if sub.is_empty() || sub.chars().count() > SUBJECT || sub.chars().any(char::is_control) {
            return Err(invalid("`sub` is no name"));
        }
        let claim = &self.config.role_claim;
        let words: Vec<&str> = match others.get(claim) {
            Some(Value::String(word)) => vec![word],
            Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let role = words.into_iter().filter_map(|word| self.role(word)).max_by_key(|role| rank(*role));
        let role = role.ok_or_else(|| {
            let detail = format!("`{sub}` has no role here: the claim `{claim}` of the token names none");
            Problem::new(403, "forbidden", "Not allowed", detail)
        })?;
        // A cast of a number that is too large is the largest there is.
        let expires_ms = ((exp + f64::from(LEEWAY_S)) * 1_000.0) as i64;
        Ok(Identity {
            subject: format!("jwt:{} {sub}", self.config.issuer),
            name: sub,
            role,
            credential: CredentialId::Jwt,
            expires_at: Some(Timestamp(expires_ms)),
            protocols,
        })
    }

    /// Where words are mapped, no others count: a group called `admin` elsewhere makes nobody one here.
    fn role(&self, word: &str) -> Option<Role> {
        if self.config.roles.is_empty() { word.parse().ok() } else { self.config.roles.get(word).copied() }
    }
}

/// Of several roles the one that may most.
fn rank(role: Role) -> usize {
    Role::ALL.into_iter().filter(|other| role.covers(*other)).count()
}

fn told(kind: &ErrorKind) -> Problem {
    match kind {
        ErrorKind::ExpiredSignature => {
            Problem::new(401, "token_expired", "Token expired", "the token has expired: come back with a fresh one")
        }
        ErrorKind::ImmatureSignature => invalid("it is not valid yet (`nbf`)"),
        ErrorKind::InvalidIssuer => invalid("it is of another issuer"),
        ErrorKind::InvalidAudience => invalid("it is meant for another audience"),
        ErrorKind::MissingRequiredClaim(claim) => invalid(&format!("`{claim}` is missing")),
        _ => invalid("its signature or form is wrong"),
    }
}

fn invalid(why: &str) -> Problem {
    Problem::new(401, "jwt_invalid", "Token invalid", format!("the JWT does not count here: {why}"))
}

#[cfg(test)]
mod tests;
