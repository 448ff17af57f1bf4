//! Pages of other origins that the configuration names (`FRONTEND_URL`, `PRODUCTION_URL`, `origins`): the browser is
//! told that they may, each by its exact name. For all others nothing is said, and the browser keeps them out.

use super::AllowedHosts;
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::Response,
};
use std::sync::Arc;

/// What such a page may send and read beyond what every page may.
const HEADERS: &str = "authorization, content-type, idempotency-key, last-event-id, x-requested-with";
const EXPOSED: &str = "link, location, retry-after, signalbox-through";
const METHODS: &str = "GET, HEAD, POST, PUT, DELETE";
/// Seconds a browser need not ask again.
const MAX_AGE: &str = "600";

pub(crate) async fn allow(State(hosts): State<Arc<AllowedHosts>>, request: Request, next: Next) -> Response {
    let origin = listed(request.headers(), &hosts);
    let is_preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match (&origin, is_preflight) {
        (Some(_), true) => preflight(),
        _ => next.run(request).await,
    };
    let headers = response.headers_mut();
    // Also where nothing is allowed: what a cache keeps for one origin is not for another.
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }
    response
}

fn preflight() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
        (header::ACCESS_CONTROL_MAX_AGE, MAX_AGE),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The origin a request comes from, if it is one of those named, and only one.
fn listed(headers: &HeaderMap, hosts: &AllowedHosts) -> Option<HeaderValue> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let origin = origins.next().filter(|_| origins.next().is_none())?;
    origin.to_str().is_ok_and(|origin| hosts.names_origin(origin)).then(|| origin.clone())
}
