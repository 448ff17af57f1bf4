//! Pages: the app rendered on the server, its server functions, and the page for what does not exist.

use crate::{AppState, guard, rest::Refusal};
use axum::{
    Router,
    extract::{Request, State},
    http::{Method, StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use leptos::prelude::*;
use leptos_axum::{LeptosRoutes, generate_route_list};
use protocol::Problem;

/// Every page of the app and every server function.
pub(crate) fn pages(state: &AppState) -> Router<AppState> {
    let options = state.leptos.clone();
    let context = context(state);
    Router::new()
        .leptos_routes_with_context(state, generate_route_list(app::App), context, move || app::shell(options.clone()))
}

/// A file of the site, else the app's own page for an unknown URL, with status 404.
pub(crate) async fn asset_or_not_found(State(state): State<AppState>, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let detail = format!("there is nothing at `{}` to send anything to", request.uri().path());
        return Refusal(Problem::new(404, "unknown_route", "Not found", detail)).into_response();
    }
    if let Some(asset) = state.assets.answer(request.uri().path(), request.headers()).await {
        return asset;
    }
    let options = state.leptos.clone();
    let render = leptos_axum::render_app_async_with_context(context(&state), move || app::shell(options.clone()));
    let mut page = render(request).await;
    if page.status() == StatusCode::OK {
        *page.status_mut() = StatusCode::NOT_FOUND;
    }
    page
}

/// What pages and server functions find in their context: the API, as whoever asked may use it, and the policy of
/// pages.
fn context(state: &AppState) -> impl Fn() + Clone + Send + Sync + 'static {
    let (api, policy) = (state.api.clone(), state.policy.clone());
    move || {
        if let Some(parts) = use_context::<Parts>() {
            if let Ok(who) = guard::identity(&parts.extensions) {
                provide_context(api.acting_as(who.clone()));
            }
            if let Some(guard::Client { address, is_secure, .. }) = parts.extensions.get().cloned() {
                provide_context(app::SignIn::new(api.clone(), address, is_secure));
            }
        }
        provide_context(policy.clone());
    }
}
