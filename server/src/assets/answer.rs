//! A file as an HTTP answer.

use super::negotiate;
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// 304 when the browser has this content, else the content. `coding`: how `body` is compressed.
pub(super) fn answer(
    headers: &HeaderMap,
    path: &str,
    etag: &str,
    coding: Option<&'static str>,
    body: impl Into<Body>,
) -> Response {
    let mut response = if negotiate::has_already(headers, etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let media_type = mime_guess::from_path(path).first_raw().unwrap_or("application/octet-stream");
        let mut response = Response::new(body.into());
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        if let Some(coding) = coding {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        response
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(etag) = HeaderValue::from_str(etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}
