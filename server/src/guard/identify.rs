//! Who sends a request. Everything behind this finds an [`Identity`] among the request's extensions.

use crate::{rest::Refusal, socketio};
use axum::{extract::Request, http::Extensions, middleware::Next, response::Response};
use protocol::{Identity, Problem};
use std::sync::Arc;

pub(crate) async fn identify(mut request: Request, next: Next) -> Response {
    let who = Identity::local_at(surface(request.uri().path()));
    request.extensions_mut().insert(Arc::new(who));
    next.run(request).await
}

/// # Errors
/// 401 `unauthenticated` when nobody is known to have sent the request.
pub(crate) fn identity(extensions: &Extensions) -> Result<&Arc<Identity>, Refusal> {
    extensions.get::<Arc<Identity>>().ok_or_else(|| {
        let detail = "sign in at /login, or send an API token: `Authorization: Bearer sbx_…`";
        Refusal(Problem::new(401, "unauthenticated", "Not signed in", detail))
    })
}

/// What events call somebody who was not asked who they are: what they use.
fn surface(path: &str) -> &'static str {
    match path {
        "/api/ws" => "socket",
        path if socketio::is_ours(path) => "socket",
        path if path.starts_with("/api/v1/") => "api",
        _ => "dashboard",
    }
}
