//! Playbook sources.

use super::{json::body, media_type};
use crate::rest::Refusal;
use axum::extract::{FromRequest, Request};
use protocol::Problem;

const ACCEPTED: [&str; 4] = ["application/yaml", "text/yaml", "application/x-yaml", "text/x-yaml"];

/// The body as text; whether it is YAML, and a playbook, is the runtime's to say.
pub(in crate::rest) struct Yaml(pub(in crate::rest) String);

impl<S: Send + Sync> FromRequest<S> for Yaml {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        media_type::check(request.headers(), &ACCEPTED)?;
        let bytes = body(request, state).await?;
        String::from_utf8(bytes.into()).map(Self).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            Problem::bad_request("body_not_utf8", format!("the body is not UTF-8 from byte {} on", at + 1)).into()
        })
    }
}
