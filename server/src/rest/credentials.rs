//! `/api/v1/credentials`: stored credentials, without what they hold.

use super::{
    Refusal,
    extract::{Caller, Json as JsonBody, NamePath, NoQuery},
};
use axum::{Json, http::StatusCode};
use protocol::{
    Problem,
    api::{CredentialSummary, SetCredential},
};

/// All credentials by name. No answer has a value.
#[utoipa::path(get, operation_id = "list_credentials", path = "/credentials", tag = "credentials",
    responses((status = 200, body = Vec<CredentialSummary>)))]
pub(super) async fn list(Caller(api): Caller, NoQuery: NoQuery) -> Result<Json<Vec<CredentialSummary>>, Refusal> {
    Ok(Json(api.credentials().await?))
}

/// Stores a credential, or another value under its name.
#[utoipa::path(put, operation_id = "set_credential", path = "/credentials/{name}", tag = "credentials",
    params(("name" = String, Path, description = "What `auth` of a step says")), request_body = SetCredential,
    responses((status = 201, description = "A new name", body = CredentialSummary),
        (status = 200, description = "Another value under the name", body = CredentialSummary),
        (status = 422, description = "No name, type or value a credential can have", body = Problem,
            content_type = "application/problem+json")))]
pub(super) async fn set(
    Caller(api): Caller,
    NamePath(name): NamePath,
    NoQuery: NoQuery,
    JsonBody(request): JsonBody<SetCredential>,
) -> Result<(StatusCode, Json<CredentialSummary>), Refusal> {
    let (summary, is_new) = api.set_credential(&name, request).await?;
    Ok((if is_new { StatusCode::CREATED } else { StatusCode::OK }, Json(summary)))
}

/// Deletes a credential. Steps that name it fail from now on.
#[utoipa::path(delete, operation_id = "delete_credential", path = "/credentials/{name}", tag = "credentials",
    params(("name" = String, Path)),
    responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn delete(
    Caller(api): Caller,
    NamePath(name): NamePath,
    NoQuery: NoQuery,
) -> Result<StatusCode, Refusal> {
    api.delete_credential(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}
