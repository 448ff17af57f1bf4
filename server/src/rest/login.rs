//! `/api/v1/login`, `/api/v1/logout`, `/api/v1/identity`

use super::{
    Refusal,
    extract::{Caller, Json as JsonBody, NoQuery},
};
use crate::{AppState, guard};
use app::session_cookie;
use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse},
};
use protocol::{
    Problem,
    api::{LogIn, WhoAmI},
};

/// Signs in: the answer's cookie is the proof from then on. Programs use an API token instead.
#[utoipa::path(post, operation_id = "log_in", path = "/login", tag = "access", request_body = LogIn,
    responses((status = 200, description = "With the cookie", body = WhoAmI),
        (status = 401, description = "The name or the password is wrong", body = Problem,
            content_type = "application/problem+json"),
        (status = 429, description = "Too many tries of this account or address", body = Problem,
            content_type = "application/problem+json")))]
pub(super) async fn log_in(
    State(state): State<AppState>,
    Extension(client): Extension<guard::Client>,
    NoQuery: NoQuery,
    JsonBody(request): JsonBody<LogIn>,
) -> Result<impl IntoResponse, Refusal> {
    let signed_in = state.api.log_in(request, &client.address).await?;
    let cookie = session_cookie::set(&signed_in.secret, signed_in.lasts_s, client.is_secure);
    let who = state.api.acting_as(signed_in.who.into()).who_am_i();
    Ok(([(header::SET_COOKIE, cookie)], Json(who)))
}

/// Signs out: the session ends, and so do the sockets that came with it.
#[utoipa::path(post, operation_id = "log_out", path = "/logout", tag = "access", responses((status = 204)))]
pub(super) async fn log_out(
    Caller(api): Caller,
    headers: HeaderMap,
    NoQuery: NoQuery,
) -> Result<impl IntoResponse, Refusal> {
    api.log_out().await?;
    let gone =
        session_cookie::names(&headers).into_iter().map(|name| (header::SET_COOKIE, session_cookie::clear(name)));
    Ok((StatusCode::NO_CONTENT, AppendHeaders(gone.collect::<Vec<_>>())))
}

/// Who the request comes from, as the server sees it.
#[utoipa::path(get, operation_id = "get_identity", path = "/identity", tag = "access",
    responses((status = 200, body = WhoAmI)))]
pub(super) async fn identity(Caller(api): Caller, NoQuery: NoQuery) -> Json<WhoAmI> {
    Json(api.who_am_i())
}
