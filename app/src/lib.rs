//! The screens: pages rendered by the server, islands that come alive in the browser, one socket, one store.
//!
//! A page lives in `pages/` under the name of its URL and exists on the server only. What changes while one
//! looks is an island: rendered by the server from a view, and moved on in the browser by the same view's
//! `apply`. Navigation swaps regions (`navigate.js`), so the socket and the store outlive every page.
//!
//! Absences: no island opens a socket, none fetches, none holds a second fold; no page needs wasm to be complete.

// The component macro makes its items public whatever the function says.
#![allow(unreachable_pub)]
// A `Problem` is large, and made once per refused request.
#![allow(clippy::result_large_err)]

pub mod islands;
pub mod live;

mod components;
mod format;
mod href;

#[cfg(feature = "ssr")]
mod pages;
#[cfg(feature = "ssr")]
mod security;
#[cfg(feature = "ssr")]
mod server_fns;
#[cfg(feature = "ssr")]
pub mod session_cookie;
#[cfg(feature = "ssr")]
mod shell;
#[cfg(feature = "ssr")]
mod sign_in;
#[cfg(feature = "ssr")]
mod theme;

pub use islands::*;

#[cfg(feature = "ssr")]
pub use security::Policy;
#[cfg(feature = "ssr")]
pub use shell::App;
#[cfg(feature = "ssr")]
pub use shell::shell;
#[cfg(feature = "ssr")]
pub use sign_in::SignIn;
