//! `/api/v1/tokens`: what programs come in with.

use super::{
    Refusal,
    extract::{Caller, Json as JsonBody, NamePath, NoQuery},
};
use axum::{Json, http::StatusCode};
use protocol::{
    Problem,
    api::{CreateToken, CreatedToken, TokenSummary},
};

/// All tokens by name for an admin, their own for others. No answer has the token itself.
#[utoipa::path(get, operation_id = "list_tokens", path = "/tokens", tag = "access",
    responses((status = 200, body = Vec<TokenSummary>)))]
pub(super) async fn list(Caller(api): Caller, NoQuery: NoQuery) -> Result<Json<Vec<TokenSummary>>, Refusal> {
    Ok(Json(api.tokens().await?))
}

/// Makes a token. `token` is told here and never again.
#[utoipa::path(post, operation_id = "create_token", path = "/tokens", tag = "access", request_body = CreateToken,
    responses((status = 201, body = CreatedToken),
        (status = 409, description = "There is one of the name", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "No name, protocols or days a token can have", body = Problem,
            content_type = "application/problem+json")))]
pub(super) async fn create(
    Caller(api): Caller,
    NoQuery: NoQuery,
    JsonBody(request): JsonBody<CreateToken>,
) -> Result<(StatusCode, Json<CreatedToken>), Refusal> {
    Ok((StatusCode::CREATED, Json(api.create_token(request).await?)))
}

/// Revokes a token, by name or id; whoever is connected with it is so for seconds only.
#[utoipa::path(delete, operation_id = "revoke_token", path = "/tokens/{name}", tag = "access",
    params(("name" = String, Path)),
    responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn revoke(
    Caller(api): Caller,
    NamePath(name): NamePath,
    NoQuery: NoQuery,
) -> Result<StatusCode, Refusal> {
    api.revoke_token(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}
