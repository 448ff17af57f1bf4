//! What handlers can ask for.

use crate::{Drain, assets::Assets, guard::Refusals, telemetry::Requests};
use app::Policy;
use axum::extract::FromRef;
use hub::Hub;
use leptos::config::LeptosOptions;
use runtime::Api;
use std::sync::Arc;

#[derive(Clone, FromRef)]
pub struct AppState {
    /// As the server itself: handlers take `Caller`, which is who asked.
    #[from_ref(skip)]
    pub(crate) api: Api,
    pub(crate) hub: Arc<Hub>,
    pub(crate) refusals: Arc<Refusals>,
    pub(crate) drain: Drain,
    pub(crate) requests: Arc<Requests>,
    pub(crate) assets: Assets,
    pub(crate) policy: Policy,
    pub(crate) leptos: LeptosOptions,
}
