//! Query strings. A parameter that means nothing is refused by name, never ignored.

use crate::rest::Refusal;
use axum::{extract::FromRequestParts, http::request::Parts};
use protocol::Problem;
use serde::{Deserialize, de::DeserializeOwned};

pub(in crate::rest) struct Query<T>(pub(in crate::rest) T);

/// The route has no parameters.
pub(in crate::rest) struct NoQuery;

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let query = serde_urlencoded::Deserializer::new(pairs);
        serde_path_to_error::deserialize(query).map(Self).map_err(|error| {
            let place = error.path().to_string();
            let message = error.inner().to_string().replace(" field ", " parameter ");
            let named = place == "." || message.contains(&format!("`{place}`"));
            let detail = if named { message } else { format!("`{place}`: {message}") };
            Problem::bad_request("query_parameter", format!("in the query string, {detail}")).into()
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl<S: Sync> FromRequestParts<S> for NoQuery {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        Query::<Nothing>::from_request_parts(parts, state).await.map(|_| Self)
    }
}
