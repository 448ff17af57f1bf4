//! The layers in their order.

use super::{
    AllowedHosts, Gate, Refusals, body, concurrency, cors, deadline, headers, host, identify, origin, panic, peer,
    refusals, request_log,
};
use app::Policy;
use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
};
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;

/// What the guards ask.
pub(crate) struct Guards {
    pub(crate) hosts: Arc<AllowedHosts>,
    pub(crate) policy: Policy,
    pub(crate) door: Arc<peer::Door>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) refusals: Arc<Refusals>,
}

/// Puts every guard before the routes. The layer added last sees a request first.
pub(crate) fn guarded(router: Router, guards: Guards) -> Router {
    let Guards { hosts, policy, door, gate, refusals } = guards;
    router
        .layer(from_fn(body::read_whole))
        .layer(from_fn(deadline::limit))
        .layer(from_fn_with_state(concurrency::Slots::new(), concurrency::limit))
        .layer(from_fn_with_state(gate, identify::identify))
        .layer(from_fn_with_state(hosts.clone(), origin::check))
        .layer(from_fn_with_state(hosts.clone(), cors::allow))
        .layer(from_fn_with_state(hosts, host::check))
        .layer(from_fn_with_state(door, identify::note_peer))
        .layer(CatchPanicLayer::custom(panic::answer))
        .layer(from_fn_with_state(refusals, refusals::count))
        .layer(from_fn_with_state(policy, headers::add))
        .layer(from_fn(request_log::log))
}
