//! `Idempotency-Key`.

use crate::rest::Refusal;
use axum::{extract::FromRequestParts, http::request::Parts};
use protocol::Problem;

/// The header, if there is one.
pub(in crate::rest) struct IdempotencyKey(pub(in crate::rest) Option<String>);

impl IdempotencyKey {
    /// The key of a request that may have one in its body too.
    pub(in crate::rest) fn or(self, of_body: Option<String>) -> Result<Option<String>, Refusal> {
        match (self.0, of_body) {
            (Some(header), Some(body)) if header != body => {
                Err(wrong("the header and `idempotency_key` of the body differ; send one of them").into())
            }
            (header, body) => Ok(header.or(body)),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let mut keys = parts.headers.get_all("idempotency-key").iter();
        let (key, more) = (keys.next(), keys.next());
        if more.is_some() {
            return Err(wrong("the header is there twice; send it once").into());
        }
        let text = key.map(|key| key.to_str().map(str::to_owned)).transpose();
        text.map(Self).map_err(|_| wrong("the header has other characters than visible ASCII").into())
    }
}

fn wrong(detail: &str) -> Problem {
    Problem::new(422, "idempotency_key_invalid", "Key invalid", format!("the idempotency key cannot be used: {detail}"))
}
