//! Who asks: the use cases as the guard let them through.

use crate::{AppState, guard, rest::Refusal};
use axum::{extract::FromRequestParts, http::request::Parts};
use runtime::Api;

/// The only way for a handler to the use cases.
pub(in crate::rest) struct Caller(pub(in crate::rest) Api);

impl FromRequestParts<AppState> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Refusal> {
        let who = guard::identity(&parts.extensions)?;
        Ok(Self(state.api.acting_as(who.clone())))
    }
}
