//! What a page may load and run.

use http::{HeaderValue, header};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::ResponseOptions;

/// Sets the page's content security policy unless the server has set its own. Scripts are our own files and those with this response's nonce; wasm
/// may be compiled; styles come from our files only, so no `style` attribute works. Development with
/// `cargo leptos watch` may connect to its reload port as well.
pub(crate) fn set_content_security_policy() {
    let (Some(response), Some(nonce)) = (use_context::<ResponseOptions>(), use_nonce()) else { return };
    let is_set = response.0.read().is_ok_and(|parts| parts.headers.contains_key(header::CONTENT_SECURITY_POLICY));
    if is_set {
        return;
    }
    let reload =
        if std::env::var_os("LEPTOS_WATCH").is_some() { " ws://127.0.0.1:9998 ws://localhost:9998" } else { "" };
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; connect-src 'self'{reload}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    if let Ok(value) = HeaderValue::from_str(&policy) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, value);
    }
}
