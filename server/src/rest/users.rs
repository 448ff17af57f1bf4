//! `/api/v1/users`: people who may come in.

use super::{
    Refusal,
    extract::{Caller, Json as JsonBody, NamePath, NoQuery},
};
use axum::{Json, http::StatusCode};
use protocol::{
    Problem,
    api::{AddUser, SetPassword, UserSummary},
};

/// All users by name.
#[utoipa::path(get, operation_id = "list_users", path = "/users", tag = "access",
    responses((status = 200, body = Vec<UserSummary>)))]
pub(super) async fn list(Caller(api): Caller, NoQuery: NoQuery) -> Result<Json<Vec<UserSummary>>, Refusal> {
    Ok(Json(api.users().await?))
}

/// Adds a user.
#[utoipa::path(post, operation_id = "add_user", path = "/users", tag = "access", request_body = AddUser,
    responses((status = 201, body = UserSummary),
        (status = 409, description = "There is one", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "No name or password a user can have", body = Problem,
            content_type = "application/problem+json")))]
pub(super) async fn add(
    Caller(api): Caller,
    NoQuery: NoQuery,
    JsonBody(request): JsonBody<AddUser>,
) -> Result<(StatusCode, Json<UserSummary>), Refusal> {
    Ok((StatusCode::CREATED, Json(api.add_user(request).await?)))
}

/// Removes a user, their sessions and their tokens.
#[utoipa::path(delete, operation_id = "remove_user", path = "/users/{name}", tag = "access",
    params(("name" = String, Path)),
    responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn remove(
    Caller(api): Caller,
    NamePath(name): NamePath,
    NoQuery: NoQuery,
) -> Result<StatusCode, Refusal> {
    api.remove_user(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sets a password: one's own with the present one, anybody's as an admin. Their sessions end.
#[utoipa::path(put, operation_id = "set_password", path = "/users/{name}/password", tag = "access",
    params(("name" = String, Path)), request_body = SetPassword,
    responses((status = 204), (status = 401, description = "`current` is wrong", body = Problem,
        content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn set_password(
    Caller(api): Caller,
    NamePath(name): NamePath,
    NoQuery: NoQuery,
    JsonBody(request): JsonBody<SetPassword>,
) -> Result<StatusCode, Refusal> {
    api.set_password(&name, request).await?;
    Ok(StatusCode::NO_CONTENT)
}
