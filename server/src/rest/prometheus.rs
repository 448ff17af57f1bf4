//! `/metrics`: figures for Prometheus. Outside of `/api`: where Prometheus looks.

use super::{Refusal, extract::Caller};
use crate::{
    AppState,
    telemetry::{self, CONTENT_TYPE},
};
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

pub(super) async fn scrape(State(state): State<AppState>, Caller(api): Caller) -> Result<Response, Refusal> {
    let figures = api.figures().await;
    let text = telemetry::write(&state.requests, figures, &state.hub, state.refusals.snapshot(), api.started_at());
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
}
