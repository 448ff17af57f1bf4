//! Headers every answer carries.

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use std::sync::Arc;

const FIXED: [(HeaderName, HeaderValue); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// The content security policy: of pages with the nonce of their inline scripts, of everything else without.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    connect: Arc<str>,
    without_nonce: HeaderValue,
}

impl Policy {
    /// `reload_port`: the reload socket of `cargo leptos watch`, which pages may then connect to.
    pub(crate) fn new(reload_port: Option<u16>) -> Self {
        let connect: Arc<str> = match reload_port {
            None => "'self'".into(),
            Some(port) => format!("'self' ws://127.0.0.1:{port} ws://localhost:{port}").into(),
        };
        let without_nonce = header_value(&text(&connect, ""));
        Self { connect, without_nonce }
    }

    /// For a page whose inline scripts carry the nonce.
    pub(crate) fn with_nonce(&self, nonce: &str) -> HeaderValue {
        header_value(&text(&self.connect, &format!(" 'nonce-{nonce}'")))
    }
}

/// Neither inline scripts without the nonce nor style attributes.
fn text(connect: &str, nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'{nonce} 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
         font-src 'self'; connect-src {connect}; manifest-src 'self'; form-action 'self'; base-uri 'none'; \
         object-src 'none'; frame-ancestors 'none'"
    )
}

fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("the policy is ASCII, and so is a base64 nonce")
}

pub(crate) async fn add(State(policy): State<Policy>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.insert(name, value);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy.without_nonce);
    response
}
