//! What a page may load and run.

use http::{HeaderValue, header};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::ResponseOptions;
use std::sync::Arc;

/// The content security policy: of pages with the nonce of their inline scripts, of everything else without. Scripts
/// are our own files and those with the nonce; wasm may be compiled; styles come from our files only, so no `style`
/// attribute works.
#[derive(Clone, Debug)]
pub struct Policy {
    connect: Arc<str>,
    without_nonce: HeaderValue,
}

impl Policy {
    /// `reload_port`: the reload socket of `cargo leptos watch`, which pages may then connect to.
    pub fn new(reload_port: Option<u16>) -> Self {
        let connect: Arc<str> = match reload_port {
            None => "'self'".into(),
            Some(port) => format!("'self' ws://127.0.0.1:{port} ws://localhost:{port}").into(),
        };
        let without_nonce = header_value(&text(&connect, ""));
        Self { connect, without_nonce }
    }

    /// For what is no page, and runs nothing inline.
    pub fn without_nonce(&self) -> HeaderValue {
        self.without_nonce.clone()
    }

    fn with_nonce(&self, nonce: &str) -> HeaderValue {
        header_value(&text(&self.connect, &format!(" 'nonce-{nonce}'")))
    }
}

/// Sets the policy of the page that is rendered, with its nonce.
pub(crate) fn set_content_security_policy() {
    let (policy, nonce) = (use_context::<Policy>(), use_nonce());
    if let (Some(policy), Some(nonce), Some(response)) = (policy, nonce, use_context::<ResponseOptions>()) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy.with_nonce(&nonce));
    }
}

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
