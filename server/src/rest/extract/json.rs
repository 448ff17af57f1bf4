//! JSON bodies. A mistake is told with its line and column, or with the field it is in.

use super::media_type;
use crate::rest::Refusal;
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
};
use protocol::Problem;
use serde::de::DeserializeOwned;

const ACCEPTED: [&str; 1] = ["application/json"];

/// A body that must be there.
pub(in crate::rest) struct Json<T>(pub(in crate::rest) T);

/// A body that may be left out, content type and all.
pub(in crate::rest) struct OptionalJson<T>(pub(in crate::rest) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        media_type::check(request.headers(), &ACCEPTED)?;
        parse(&body(request, state).await?).map(Self)
    }
}

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for OptionalJson<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let typed = media_type::check(request.headers(), &ACCEPTED);
        let body = body(request, state).await?;
        if body.is_empty() {
            return Ok(Self(T::default()));
        }
        typed?;
        parse(&body).map(Self)
    }
}

/// The bytes; `guard::body` has read and limited them already.
pub(in crate::rest) async fn body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Refusal> {
    Bytes::from_request(request, state)
        .await
        .map_err(|error| Problem::bad_request("body_broken", error.body_text()).into())
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let place = error.path().to_string();
        refuse(error.inner(), (place != ".").then_some(place))
    })?;
    json.end().map_err(|error| refuse(&error, None))?;
    Ok(value)
}

fn refuse(error: &serde_json::Error, place: Option<String>) -> Refusal {
    if error.is_data() {
        let at = place.map(|place| format!("at `{place}`: ")).unwrap_or_default();
        Problem::new(422, "json_shape", "Wrong shape", format!("the JSON body does not fit: {at}{error}")).into()
    } else {
        Problem::bad_request("json_syntax", format!("the body is not JSON: {error}")).into()
    }
}
