//! Who sends a request. Everything behind this finds an [`Identity`] among the request's extensions, except the few
//! places that ask for none.

use super::{Gate, peer};
use crate::{rest::Refusal, socketio};
use axum::{
    extract::{Request, State},
    http::{Extensions, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use protocol::{Identity, Problem};
use std::sync::Arc;

/// Where nobody has to be known: to sign in, to be probed, and where something else proves who it is (a signature, the
/// first frame).
const OPEN: [&str; 8] = [
    "/login",
    "/api/v1/login",
    "/api/sf/log_in",
    "/api/sf/set_theme",
    "/api/ws",
    "/healthz",
    "/readyz",
    "/favicon.ico",
];
const OPEN_BELOW: [&str; 3] = ["/pkg/", "/hooks/", "/socket.io/"];

pub(crate) async fn identify(State(gate): State<Arc<Gate>>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    // Without `note_peer` before this it would be somebody from elsewhere.
    let client = request.extensions().get().cloned().unwrap_or_default();
    match gate.identify(&client, request.headers(), path).await {
        Ok(Some(who)) => {
            request.extensions_mut().insert(Arc::new(who));
            next.run(request).await
        }
        Ok(None) if is_open(path) => next.run(request).await,
        Ok(None) if is_page(&request) => to_login(&request),
        Ok(None) => unauthenticated().into_response(),
        Err(problem) => Refusal(problem).into_response(),
    }
}

/// # Errors
/// 401 `unauthenticated` when nobody is known to have sent the request.
pub(crate) fn identity(extensions: &Extensions) -> Result<&Arc<Identity>, Refusal> {
    extensions.get::<Arc<Identity>>().ok_or_else(unauthenticated)
}

/// What events call somebody who was not asked who they are: what they use.
pub(super) fn surface(path: &str) -> &'static str {
    match path {
        "/api/ws" => "socket",
        path if socketio::is_ours(path) => "socket",
        path if path.starts_with("/api/v1/") => "api",
        _ => "dashboard",
    }
}

fn is_open(path: &str) -> bool {
    OPEN.contains(&path) || OPEN_BELOW.iter().any(|below| path.starts_with(below))
}

fn is_page(request: &Request) -> bool {
    let wants_html = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    matches!(*request.method(), Method::GET | Method::HEAD)
        && !request.uri().path().starts_with("/api/")
        && wants_html.is_some_and(|accept| accept.contains("text/html"))
}

fn to_login(request: &Request) -> Response {
    let here = request.uri().path_and_query().map_or("/", |here| here.as_str());
    let next = form_urlencoded::byte_serialize(here.as_bytes()).collect::<String>();
    let place = format!("/login?next={next}");
    let place = HeaderValue::from_str(&place).unwrap_or(HeaderValue::from_static("/login"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, place), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))])
        .into_response()
}

fn unauthenticated() -> Refusal {
    let detail = "sign in at /login, or send an API token: `Authorization: Bearer sbx_…`";
    Refusal(Problem::new(401, "unauthenticated", "Not signed in", detail))
}

/// Whether requests come from where they may, and who they come from as far as that matters.
pub(crate) async fn note_peer(State(door): State<Arc<peer::Door>>, mut request: Request, next: Next) -> Response {
    match door.client(request.extensions().get::<peer::Peer>().copied(), request.headers()) {
        Ok(client) => {
            request.extensions_mut().insert(client);
            next.run(request).await
        }
        Err(refusal) => refusal.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_places_are_open() {
        for (path, expect) in [
            ("/login", true),
            ("/pkg/signalbox.css", true),
            ("/hooks/orders", true),
            ("/healthz", true),
            ("/", false),
            ("/login/", false),
            ("/api/v1/health", false),
            ("/api/v1/login/x", false),
            ("/api/v1/tokens", false),
            ("/api/sf/run_playbook", false),
            ("/pkg", false),
        ] {
            assert_eq!(is_open(path), expect, "{path}");
        }
    }
}
