//! Parts of the URL's path.

use crate::rest::Refusal;
use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use protocol::{ExecutionId, Problem};

/// `{id}` of an execution.
pub(in crate::rest) struct ExecutionPath(pub(in crate::rest) ExecutionId);

/// `{name}`, one segment with what is escaped in it.
pub(in crate::rest) struct NamePath(pub(in crate::rest) String);

/// The rest of the URL as a playbook's path; it contains slashes.
pub(in crate::rest) struct PlaybookPath(pub(in crate::rest) String);

impl<S: Send + Sync> FromRequestParts<S> for ExecutionPath {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let text = segment(parts, state).await?;
        text.parse().map(Self).map_err(|error| Problem::bad_request("bad_id", format!("{error}")).into())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for NamePath {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        segment(parts, state).await.map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PlaybookPath {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        segment(parts, state).await.map(Self)
    }
}

async fn segment<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<String, Refusal> {
    let Path(text) = Path::<String>::from_request_parts(parts, state)
        .await
        .map_err(|error| Problem::bad_request("bad_path", error.body_text()))?;
    Ok(text)
}
