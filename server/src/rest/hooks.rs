//! `/hooks/{name}`: where webhooks are called. Outside of `/api`: other programs know this URL.

use super::{
    Refusal,
    extract::{PlaybookPath, body},
    submitted::Started,
};
use crate::{AppState, guard};
use axum::{
    extract::{Request, State},
    http::HeaderMap,
};
use runtime::Delivery;
use std::collections::BTreeMap;

/// The one way in that asks for no identity: a delivery is signed, or of this machine.
pub(super) async fn deliver(
    State(state): State<AppState>,
    PlaybookPath(name): PlaybookPath,
    request: Request,
) -> Result<Started, Refusal> {
    let query = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect();
    let is_local = request.extensions().get::<guard::Client>().is_some_and(|client| client.is_local);
    let is_ours = is_local && guard::is_of_this_machine(request.headers());
    let (method, headers) = (request.method().to_string(), headers(request.headers()));
    let body = body(request, &()).await?.to_vec();
    Ok(Started(state.api.deliver(Delivery { name, method, headers, query, body, is_ours }).await?))
}

/// What is not text is left out.
fn headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let text = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    headers.iter().filter_map(text).collect()
}
