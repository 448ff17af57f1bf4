//! Sending: each hop is checked by the egress guard and connects to the addresses that were checked.

use super::{request::Request, response::Answer};
use crate::{EgressPolicy, egress::Pinned};
use protocol::TaskError;
use reqwest::{
    Client, Method, StatusCode,
    header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderMap, LOCATION, USER_AGENT},
    redirect,
};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use std::{error::Error, sync::Arc, time::Instant};
use tokio::sync::OnceCell;
use url::Url;

/// What browsers and curl users are used to; a longer chain is a loop.
const REDIRECTS: usize = 10;

const AGENT: &str = concat!("signalbox/", env!("CARGO_PKG_VERSION"));

/// The TLS configuration, made at the first https request: reading the certificates takes a while.
#[derive(Default)]
pub(super) struct Tls(OnceCell<ClientConfig>);

/// Sends the request and follows redirects.
///
/// # Errors
/// `egress_refused`, `http_request` (no connection, broken response), `http_redirect`, `response_too_large`.
pub(super) async fn send(mut request: Request, egress: &EgressPolicy, tls: &Tls) -> Result<Answer, TaskError> {
    let begun = Instant::now();
    for _ in 0..=REDIRECTS {
        let pinned = egress
            .resolve(&request.url)
            .await
            .map_err(|refused| TaskError::new("egress_refused", format!("{}: {refused}", request.what())))?;
        let sent = client(&pinned, tls)
            .await?
            .request(request.method.clone(), request.url.clone())
            .headers(request.headers.clone())
            .body(request.body.clone().unwrap_or_default())
            .send();
        let response = sent.await.map_err(|error| broken(&request, &error))?;
        let Some(next) = next_hop(&request, response.status(), response.headers())? else {
            return Answer::read(&request, response, begun).await;
        };
        request = next;
    }
    Err(TaskError::new("http_redirect", format!("{}: more than {REDIRECTS} redirects", request.what())))
}

async fn client(pinned: &Pinned, tls: &Tls) -> Result<Client, TaskError> {
    let tls =
        tls.0.get_or_init(|| async { tokio::task::spawn_blocking(config).await.unwrap_or_else(|_| empty()) }).await;
    let mut builder = Client::builder()
        .tls_backend_preconfigured(tls.clone())
        .redirect(redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(0)
        .user_agent(AGENT);
    if let Some(name) = &pinned.name {
        builder = builder.resolve_to_addrs(name, &pinned.addresses);
    }
    builder.build().map_err(|error| TaskError::new("http_request", format!("no HTTP client could be made: {error}")))
}

fn config() -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let (found, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if found == 0 {
        tracing::warn!("no root certificates found: https steps will fail; install ca-certificates");
    }
    with_roots(roots)
}

fn empty() -> ClientConfig {
    with_roots(RootCertStore::empty())
}

fn with_roots(roots: RootCertStore) -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring supports the default protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// The request a redirect asks for; `None` when the response is no redirect.
fn next_hop(request: &Request, status: StatusCode, headers: &HeaderMap) -> Result<Option<Request>, TaskError> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = headers.get(LOCATION) else { return Ok(None) };
    let bad = |why: String| TaskError::new("http_redirect", format!("{}: redirected to {why}", request.what()));
    let location = std::str::from_utf8(location.as_bytes()).map_err(|_| bad("something that is no text".to_owned()))?;
    let url = request.url.join(location).map_err(|error| bad(format!("`{location}`: {error}")))?;
    let mut next = Request { url, ..request.clone() };
    let becomes_get = status == StatusCode::SEE_OTHER && request.method != Method::HEAD
        || matches!(status.as_u16(), 301 | 302) && request.method == Method::POST;
    if becomes_get {
        next.method = Method::GET;
        next.body = None;
        next.headers.remove(CONTENT_TYPE);
    }
    if origin(&next.url) != origin(&request.url) {
        // Another origin gets nothing that could be a key.
        let keep = [ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, USER_AGENT];
        next.headers =
            next.headers.iter().filter(|(name, _)| keep.contains(name)).map(|(n, v)| (n.clone(), v.clone())).collect();
    }
    Ok(Some(next))
}

fn origin(url: &Url) -> url::Origin {
    url.origin()
}

fn broken(request: &Request, error: &reqwest::Error) -> TaskError {
    TaskError::new("http_request", format!("{}: {}", request.what(), causes(error)))
}

/// The innermost causes say what happened (`connection refused`); the outer ones only that something did.
pub(super) fn causes(error: &reqwest::Error) -> String {
    let mut texts = Vec::new();
    let mut cause = error.source();
    while let Some(inner) = cause {
        texts.push(inner.to_string());
        cause = inner.source();
    }
    texts.dedup();
    if texts.is_empty() { "the request failed".to_owned() } else { texts.join(": ") }
}
