//! Parts of the URL's path.

use crate::rest::Refusal;
use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use protocol::{ExecutionId, Problem};
use serde::de::DeserializeOwned;

/// `{id}` of an execution.
pub(in crate::rest) struct ExecutionPath(pub(in crate::rest) ExecutionId);

/// `{id}` of an execution and `{step}` of it.
pub(in crate::rest) struct StepPath(pub(in crate::rest) ExecutionId, pub(in crate::rest) String);

/// `{name}`, one segment with what is escaped in it.
pub(in crate::rest) struct NamePath(pub(in crate::rest) String);

/// The rest of the URL as a playbook's path; it contains slashes.
pub(in crate::rest) struct PlaybookPath(pub(in crate::rest) String);

impl<S: Send + Sync> FromRequestParts<S> for ExecutionPath {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        id(&segment::<String, S>(parts, state).await?).map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for StepPath {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let (execution, step): (String, String) = segment(parts, state).await?;
        Ok(Self(id(&execution)?, step))
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

fn id(text: &str) -> Result<ExecutionId, Refusal> {
    text.parse().map_err(|error| Problem::bad_request("bad_id", format!("{error}")).into())
}

async fn segment<T: DeserializeOwned + Send, S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<T, Refusal> {
    let Path(part) = Path::<T>::from_request_parts(parts, state)
        .await
        .map_err(|error| Problem::bad_request("bad_path", error.body_text()))?;
    Ok(part)
}
