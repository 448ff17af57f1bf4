//! Which URL goes where.

use crate::{AppState, guard, rest, socketio, ssr, telemetry, ws};
use axum::{Router, middleware::from_fn_with_state, routing::get};
use tower_http::{CompressionLevel, compression::CompressionLayer};

/// Everything, behind the guards.
pub(crate) fn router(state: AppState, guards: guard::Guards) -> Router {
    let hub = state.hub.clone();
    let requests = state.requests.clone();
    let routes = Router::new()
        .route("/api/ws", get(ws::upgrade))
        .merge(rest::routes())
        .merge(ssr::pages(&state))
        .fallback(ssr::asset_or_not_found)
        .method_not_allowed_fallback(rest::wrong_method)
        .layer(socketio::layer(hub.clone()))
        .layer(from_fn_with_state(hub, socketio::admit))
        // Assets come compressed from the build; this is for pages and JSON. The fastest level: the text is made
        // for one reader.
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(from_fn_with_state(requests, telemetry::observe))
        .with_state(state);
    guard::guarded(routes, guards)
}
