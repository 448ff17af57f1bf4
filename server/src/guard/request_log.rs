//! One line per request, at debug. The path only: queries may hold what is nobody's business.

use axum::{extract::Request, middleware::Next, response::Response};
use std::time::Instant;

pub(crate) async fn log(request: Request, next: Next) -> Response {
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return next.run(request).await;
    }
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let started = Instant::now();
    let response = next.run(request).await;
    let took = started.elapsed();
    tracing::debug!(%method, path, status = response.status().as_u16(), ?took, "request");
    response
}
