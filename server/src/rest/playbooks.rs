//! `/api/v1/playbooks`: the catalog.

use super::{
    Refusal,
    extract::{Caller, NoQuery, PlaybookPath, Query, Yaml},
};
use axum::{Json, http::StatusCode};
use protocol::{
    Problem,
    api::{PlaybookDetail, PlaybookSummary, Registered},
};
use serde::Deserialize;
use utoipa::IntoParams;

/// Registers a version. Unchanged content answers 200 with the version that has it.
#[utoipa::path(
    post, operation_id = "register_playbook", path = "/playbooks", tag = "playbooks",
    request_body(content = String, content_type = "application/yaml", description = "The playbook's YAML"),
    responses(
        (status = 201, description = "A new version", body = Registered),
        (status = 200, description = "The newest version has this content already", body = Registered),
        (status = 422, description = "Not a valid playbook; every mistake is in `diagnostics`", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(super) async fn register(
    Caller(api): Caller,
    NoQuery: NoQuery,
    Yaml(source): Yaml,
) -> Result<(StatusCode, Json<Registered>), Refusal> {
    let registered = api.register_playbook(&source).await?;
    let status = if registered.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(registered)))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// A part of the path, name or description.
    #[serde(default)]
    q: Option<String>,
}

/// Every playbook at its newest version, by path.
#[utoipa::path(get, operation_id = "list_playbooks", path = "/playbooks", tag = "playbooks", params(ListQuery),
    responses((status = 200, body = Vec<PlaybookSummary>)))]
pub(super) async fn list(
    Caller(api): Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<Vec<PlaybookSummary>>, Refusal> {
    Ok(Json(api.playbooks(query.q.as_deref()).await?))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct GetQuery {
    /// The newest unless told.
    #[serde(default)]
    version: Option<u32>,
}

/// One version of a playbook, with source and graph. The path may contain slashes.
#[utoipa::path(get, operation_id = "get_playbook", path = "/playbooks/{*path}", tag = "playbooks",
    params(("path" = String, Path, description = "Contains slashes as they are"), GetQuery),
    responses((status = 200, body = PlaybookDetail),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn get(
    Caller(api): Caller,
    PlaybookPath(path): PlaybookPath,
    Query(query): Query<GetQuery>,
) -> Result<Json<PlaybookDetail>, Refusal> {
    Ok(Json(api.playbook(&path, query.version).await?))
}

pub(super) async fn get_called_validate(
    Caller(api): Caller,
    Query(query): Query<GetQuery>,
) -> Result<Json<PlaybookDetail>, Refusal> {
    Ok(Json(api.playbook("validate", query.version).await?))
}
