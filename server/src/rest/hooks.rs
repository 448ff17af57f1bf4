//! `/hooks/{name}`: where webhooks are called. Outside of `/api`: other programs know this URL.

use super::{
    Refusal,
    extract::{PlaybookPath, body},
    submitted::Started,
};
use crate::guard;
use axum::{
    extract::{Request, State},
    http::HeaderMap,
};
use runtime::{Api, Delivery};
use std::collections::BTreeMap;

pub(super) async fn deliver(
    State(api): State<Api>,
    PlaybookPath(name): PlaybookPath,
    request: Request,
) -> Result<Started, Refusal> {
    let query = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect();
    let is_ours = guard::is_of_this_machine(request.headers());
    let (method, headers) = (request.method().to_string(), headers(request.headers()));
    let body = body(request, &()).await?.to_vec();
    Ok(Started(api.deliver(Delivery { name, method, headers, query, body, is_ours }).await?))
}

/// What is not text is left out.
fn headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let text = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    headers.iter().filter_map(text).collect()
}
