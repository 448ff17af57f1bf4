//! What tokens are checked with. A key set is fetched when it is needed, kept, and fetched again when it is old or
//! does not have the key a token names.

use super::invalid;
use crate::config::JwtKeys;
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{Jwk, JwkSet, KeyAlgorithm},
};
use protocol::Problem;
use secrecy::ExposeSecret;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::OwnedMutexGuard, time::Instant};
use tools::EgressPolicy;

/// A set is fetched again after this long, so that a key taken back is believed no longer.
const FRESH: Duration = Duration::from_secs(600);
/// A set that cannot be fetched again is believed for as long; then nobody comes in with what it would have let in.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);
/// Tokens that name unknown keys do not make this server fetch more often.
const PAUSE: Duration = Duration::from_secs(10);
/// Looking up the issuer's address and reading its keys, together. Whoever is to be identified waits for no longer.
const FETCH: Duration = Duration::from_secs(5);
const SET_BYTES: usize = 1 << 20;

/// Of public keys. A secret would be public here, and whoever knows it could sign.
const PUBLIC: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

pub(super) enum Keys {
    Secret(Box<DecodingKey>),
    Set(Arc<KeySet>),
}

pub(super) struct KeySet {
    url: reqwest::Url,
    egress: EgressPolicy,
    kept: Mutex<Kept>,
    /// Who has it fetches.
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct Kept {
    set: Option<(Arc<JwkSet>, Instant)>,
    tried_at: Option<Instant>,
}

impl Keys {
    pub(super) fn new(keys: &JwtKeys, egress: EgressPolicy) -> Self {
        match keys {
            JwtKeys::Secret(secret) => {
                Keys::Secret(Box::new(DecodingKey::from_secret(secret.expose_secret().as_bytes())))
            }
            JwtKeys::Url(url) => {
                let (kept, turn) = (Mutex::default(), Arc::default());
                Keys::Set(Arc::new(KeySet { url: url.clone(), egress, kept, turn }))
            }
        }
    }

    /// The key of a token. Which algorithms count follows from what is configured, never from the token.
    pub(super) async fn find(&self, algorithm: Algorithm, kid: Option<&str>) -> Result<DecodingKey, Problem> {
        match self {
            Keys::Secret(key) if algorithm == Algorithm::HS256 => Ok((**key).clone()),
            Keys::Secret(_) => Err(invalid("it is not signed with HS256")),
            Keys::Set(_) if !PUBLIC.contains(&algorithm) => Err(invalid("it is not signed with a public key")),
            Keys::Set(set) => set.find(algorithm, kid).await,
        }
    }
}

impl KeySet {
    /// Whose key is kept waits for nobody's fetch but the one they began themselves, because the set is old.
    async fn find(self: &Arc<Self>, algorithm: Algorithm, kid: Option<&str>) -> Result<DecodingKey, Problem> {
        let found = self.believed().and_then(|set| choose(&set, algorithm, kid));
        if let (Some(key), false) = (&found, self.wants_fetching(true)) {
            return Ok(key.clone());
        }
        match self.turn.clone().try_lock_owned() {
            Ok(turn) => {
                if self.wants_fetching(found.is_some()) {
                    self.fetch(turn).await;
                }
            }
            Err(_) => match found {
                Some(key) => return Ok(key),
                None => drop(self.turn.lock().await),
            },
        }
        let Some(set) = self.believed() else {
            let detail = "the issuer's keys cannot be had now; the server's log says why";
            let problem = Problem::new(503, "jwt_keys_unavailable", "Unavailable", detail);
            return Err(problem.temporary_for_s(PAUSE.as_secs()));
        };
        choose(&set, algorithm, kid).ok_or_else(|| invalid("it is signed with a key its issuer does not have"))
    }

    fn believed(&self) -> Option<Arc<JwkSet>> {
        self.kept().set.as_ref().filter(|(_, at)| at.elapsed() < STALE).map(|(set, _)| set.clone())
    }

    /// Whether it may be fetched, and there is a reason to: the key is not in it, or it is old.
    fn wants_fetching(&self, has_key: bool) -> bool {
        let kept = self.kept();
        let is_fresh = kept.set.as_ref().is_some_and(|(_, at)| at.elapsed() < FRESH);
        !(has_key && is_fresh) && kept.tried_at.is_none_or(|at| at.elapsed() >= PAUSE)
    }

    /// To its end, also when who asked goes away: otherwise asking and leaving would keep the set from ever being
    /// fetched. At a shutdown nobody waits for it: it ends within [`FETCH`] and changes memory only.
    async fn fetch(self: &Arc<Self>, turn: OwnedMutexGuard<()>) {
        self.kept().tried_at = Some(Instant::now());
        let this = self.clone();
        let fetching = tokio::spawn(async move {
            let _turn = turn;
            let fetched = tokio::time::timeout(FETCH, fetch(&this.url, &this.egress)).await;
            match fetched.unwrap_or_else(|_| Err(format!("it did not come within {} s", FETCH.as_secs()))) {
                Ok(set) => this.kept().set = Some((Arc::new(set), Instant::now())),
                Err(why) => tracing::warn!(url = %this.url, why, "the key set cannot be fetched"),
            }
        });
        if let Err(error) = fetching.await {
            tracing::error!(%error, "fetching the key set failed");
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// By its id; without one, the only key there is.
fn choose(set: &JwkSet, algorithm: Algorithm, kid: Option<&str>) -> Option<DecodingKey> {
    let jwk: &Jwk = match kid {
        Some(kid) => set.find(kid)?,
        None => match &set.keys[..] {
            [only] => only,
            _ => return None,
        },
    };
    let is_for_it = jwk.common.key_algorithm.is_none_or(|named| is_same(named, algorithm));
    DecodingKey::from_jwk(jwk).ok().filter(|_| is_for_it)
}

fn is_same(named: KeyAlgorithm, algorithm: Algorithm) -> bool {
    format!("{named:?}") == format!("{algorithm:?}")
}

/// Through the egress guard, to the addresses it checked; no redirects.
async fn fetch(url: &reqwest::Url, egress: &EgressPolicy) -> Result<JwkSet, String> {
    let pinned = egress.resolve(url).await.map_err(|refused| refused.to_string())?;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    if let Some(name) = &pinned.name {
        client = client.resolve_to_addrs(name, &pinned.addresses);
    }
    let client = client.build().map_err(|error| error.to_string())?;
    let mut response = client.get(url.clone()).send().await.map_err(|error| error.to_string())?;
    if !response.status().is_success() {
        return Err(format!("{}", response.status()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| error.to_string())? {
        body.extend_from_slice(&chunk);
        if body.len() > SET_BYTES {
            return Err(format!("it has more than {SET_BYTES} bytes"));
        }
    }
    serde_json::from_slice(&body).map_err(|error| format!("it is no key set: {error}"))
}
