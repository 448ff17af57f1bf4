//! `/api/v1/openapi.json`: the document is made from the handlers, so it cannot lag behind.

use crate::AppState;
use axum::{
    http::header,
    routing::{MethodRouter, get},
};
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder};

pub(super) fn head() -> OpenApi {
    let description = "Register playbooks, run them, read their history. Errors are `application/problem+json`.";
    let info =
        InfoBuilder::new().title("Signalbox").version(env!("CARGO_PKG_VERSION")).description(Some(description)).build();
    OpenApiBuilder::new().info(info).build()
}

pub(super) fn serve(document: OpenApi) -> MethodRouter<AppState> {
    let json = text(document);
    get(async move || ([(header::CONTENT_TYPE, "application/json")], json))
}

/// OpenAPI has no wildcards: `{*path}` is written `{path}`.
fn text(mut document: OpenApi) -> String {
    let paths = std::mem::take(&mut document.paths.paths);
    document.paths.paths = paths.into_iter().map(|(path, item)| (path.replace("{*", "{"), item)).collect();
    document.to_json().expect("the document has string keys and no failing types")
}
