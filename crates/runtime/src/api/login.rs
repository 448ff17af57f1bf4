//! Signing in and out, and telling who somebody is by what they keep.

use super::{Api, from_store};
use crate::access::{Secret, hash};
use protocol::{
    Identity, Problem,
    access::CredentialId,
    api::{LogIn, WhoAmI},
};
use std::sync::PoisonError;
use store::NewSession;

/// How long a browser stays signed in.
const SESSION_MS: u64 = 7 * 24 * 60 * 60 * 1_000;
/// The last use of a token is written down this often at most.
const USED_MS: u64 = 60_000;

/// Somebody who just signed in: who they are, and what their browser is to keep.
pub struct SignedIn {
    pub who: Identity,
    pub secret: String,
    pub lasts_s: u64,
}

impl Api {
    /// Signs in by name and password. `address`: where the request came from. Whoever asks.
    ///
    /// # Errors
    /// 401 `login_failed`, which does not tell whether the name or the password is wrong; 429 `too_many_attempts`; 503
    /// `overloaded`.
    pub async fn log_in(&self, request: LogIn, address: &str) -> Result<SignedIn, Problem> {
        let LogIn { name, password } = request;
        let known = self.check_password(&name, password, address).await?;
        let now = self.shared.environment.now();
        let secret = Secret::Session.draw();
        let session = NewSession {
            id: self.shared.environment.id().to_string(),
            secret_hash: hash(&secret),
            user_name: name.clone(),
            expires_at: now.plus_ms(SESSION_MS),
        };
        let store = &self.shared.store;
        let is_added = store.add_session(session, &known, now).await.map_err(from_store)?;
        let who = store.session(&hash(&secret), now).await.map_err(from_store)?;
        match who.filter(|_| is_added) {
            Some(who) => Ok(SignedIn { who, secret, lasts_s: SESSION_MS / 1_000 }),
            None => Err(failed()),
        }
    }

    /// Ends the session this was asked with; without one there is nothing to end.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn log_out(&self) -> Result<(), Problem> {
        if let CredentialId::Session(id) = &self.who.credential {
            self.shared.store.end_session(id).await.map_err(from_store)?;
            self.shared.access.revoked.notify_one();
        }
        Ok(())
    }

    /// Whose token or session it is; `None` when it is nobody's, or not any more.
    ///
    /// # Errors
    /// 401 `token_expired` of a token that was somebody's until its time; when the store cannot be read.
    pub async fn identify(&self, secret: &str) -> Result<Option<Identity>, Problem> {
        let (store, now) = (&self.shared.store, self.shared.environment.now());
        match Secret::of(secret) {
            Some(Secret::Session) => store.session(&hash(secret), now).await.map_err(from_store),
            Some(Secret::Token) => {
                let found = store.token(&hash(secret), now).await.map_err(from_store)?;
                let Some((who, used_at)) = found else { return self.ended(&hash(secret)).await.map(|()| None) };
                if let CredentialId::Token(id) = &who.credential
                    && used_at.is_none_or(|used_at| now.ms_since(used_at) >= USED_MS)
                    && let Err(error) = store.token_used(id, now).await
                {
                    tracing::warn!(%error, token = who.name, "its use could not be noted");
                }
                Ok(Some(who))
            }
            None => Ok(None),
        }
    }

    /// Whoever had a token until now is told that it has ended, and not that it is nobody's.
    async fn ended(&self, secret_hash: &str) -> Result<(), Problem> {
        let now = self.shared.environment.now();
        match self.shared.store.has_expired_token(secret_hash, now).await.map_err(from_store)? {
            true => {
                let detail = "the token has expired: make another";
                Err(Problem::new(401, "token_expired", "Token expired", detail))
            }
            false => Ok(()),
        }
    }

    /// Who asks.
    pub fn who_am_i(&self) -> WhoAmI {
        WhoAmI { name: self.who.name.clone(), role: self.who.role, expires_at: self.who.expires_at }
    }

    /// What the store has of the password, which is the one given.
    pub(super) async fn check_password(&self, name: &str, password: String, address: &str) -> Result<String, Problem> {
        let queued = self.shared.access.passwords.queue()?;
        // Longer than any name there is: it must not be a way to store data here.
        let account: String = name.chars().take(100).collect();
        let attempts = || self.shared.access.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = attempts().take(&account, address, self.shared.environment.now());
        if let Err(wait_ms) = taken {
            let wait_s = wait_ms.div_ceil(1_000);
            let detail = format!("too many tries to sign in; wait {wait_s} s");
            return Err(Problem::new(429, "too_many_attempts", "Too many attempts", detail).temporary_for_s(wait_s));
        }
        let known = self.shared.store.user_password(name).await.map_err(from_store)?.map(|(_, password)| password);
        let is_it = queued.is(password, known.clone()).await?;
        let Some(known) = known.filter(|_| is_it) else {
            tracing::info!(account, address, "somebody could not sign in");
            return Err(failed());
        };
        attempts().forgive(&account);
        Ok(known)
    }
}

pub(super) fn failed() -> Problem {
    Problem::new(401, "login_failed", "Not signed in", "the name or the password is wrong")
}
