//! Tells who somebody is by what they send: an API token, a session's cookie, a JWT, the key of the data folder.

use super::{Client, jwt::Jwt, surface};
use crate::config::Access;
use app::session_cookie;
use async_trait::async_trait;
use axum::http::{HeaderMap, header};
use protocol::{Identity, Problem};
use runtime::Api;

pub(crate) struct Gate {
    api: Api,
    required: bool,
    jwt: Option<Jwt>,
    /// What commands on this machine find in the data folder.
    folder_key: Option<String>,
}

impl Gate {
    /// `api`: as the server itself.
    pub(crate) fn new(api: Api, access: &Access, required: bool, jwt: Option<Jwt>, folder_key: Option<String>) -> Self {
        Self { api, required: required || access.required, jwt, folder_key }
    }

    /// Who sends a request; `None` when nobody is known to and that does not do: of who is not at this machine it never
    /// does.
    ///
    /// # Errors
    /// 401 for a token that is nobody's: it is never passed over for something else.
    pub(crate) async fn identify(
        &self,
        client: &Client,
        headers: &HeaderMap,
        path: &str,
    ) -> Result<Option<Identity>, Problem> {
        if let Some(token) = bearer(headers) {
            return self.prove(token).await.map(Some);
        }
        for secret in session_cookie::secrets(headers, client.is_secure) {
            if let Some(who) = self.api.identify(secret).await? {
                return Ok(Some(who));
            }
        }
        Ok((client.is_local && !self.required).then(|| Identity::local_at(surface(path))))
    }

    async fn prove(&self, token: &str) -> Result<Identity, Problem> {
        if self.folder_key.as_deref().is_some_and(|key| same(key, token)) {
            return Ok(Identity::local_at("cli"));
        }
        if let (Some(jwt), 2) = (&self.jwt, token.bytes().filter(|byte| *byte == b'.').count()) {
            return jwt.verify(token).await;
        }
        let unknown = || {
            let detail = "the token is nobody's: it was mistyped, or was revoked";
            Problem::new(401, "token_unknown", "Token unknown", detail)
        };
        self.api.identify(token).await?.ok_or_else(unknown)
    }
}

#[async_trait]
impl hub::Authenticator for Gate {
    async fn authenticate(&self, token: &str) -> Result<Identity, Problem> {
        self.prove(token).await
    }
}

/// The token of `Authorization: Bearer`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Compares all of both, so that time tells nothing of where they differ.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn proofs_are_found_in_headers() {
        for (text, expect) in
            [("Bearer sbx_a", Some("sbx_a")), ("bearer  sbx_a", Some("sbx_a")), ("Basic dTpw", None), ("sbx_a", None)]
        {
            let headers = [(header::AUTHORIZATION, HeaderValue::from_static(text))].into_iter().collect();
            assert_eq!(bearer(&headers), expect, "{text}");
        }
    }

    #[test]
    fn keys_are_the_same_or_not() {
        assert!(same("abc", "abc") && !same("abc", "abd") && !same("abc", "ab") && !same("", "a"));
    }
}
