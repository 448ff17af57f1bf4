//! How long requests take, by route and outcome. The route is the pattern, never the path: there are so many and no
//! more.

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, histogram::Histogram},
};
use std::{sync::Arc, time::Instant};

/// Seconds.
const BOUNDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0, 30.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Labels {
    method: &'static str,
    route: String,
    status: &'static str,
}

#[derive(Clone, Debug)]
pub(crate) struct Requests {
    pub(super) seconds: Family<Labels, Histogram, fn() -> Histogram>,
}

impl Requests {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { seconds: Family::new_with_constructor(|| Histogram::new(BOUNDS)) })
    }
}

pub(crate) async fn observe(State(requests): State<Arc<Requests>>, request: Request, next: Next) -> Response {
    let method = match request.method().as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        _ => "other",
    };
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or_else(|| "other".to_owned(), |path| path.as_str().to_owned());
    let started = Instant::now();
    let response = next.run(request).await;
    let status = match response.status().as_u16() {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    };
    let labels = Labels { method, route, status };
    requests.seconds.get_or_create(&labels).observe(started.elapsed().as_secs_f64());
    response
}
