//! The layers in their order.

use super::{AllowedHosts, Policy, body, concurrency, deadline, headers, host, origin, panic, request_log};
use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
};
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;

/// Puts every guard before the routes. The layer added last sees a request first.
pub(crate) fn guarded(router: Router, hosts: Arc<AllowedHosts>, policy: Policy) -> Router {
    router
        .layer(from_fn(body::read_whole))
        .layer(from_fn(deadline::limit))
        .layer(from_fn_with_state(concurrency::Slots::new(), concurrency::limit))
        .layer(from_fn_with_state(hosts.clone(), origin::check))
        .layer(from_fn_with_state(hosts, host::check))
        .layer(CatchPanicLayer::custom(panic::answer))
        .layer(from_fn_with_state(policy, headers::add))
        .layer(from_fn(request_log::log))
}
