//! `/api/v1/playbook-versions/{path}`. Not below `/playbooks/{path}`: a path may itself end in `/versions`.

use super::{
    Refusal,
    extract::{NoQuery, PlaybookPath},
};
use axum::{Json, extract::State};
use protocol::{Problem, api::PlaybookVersion};
use runtime::Api;

/// All versions of a playbook, newest first. The path may contain slashes.
#[utoipa::path(get, operation_id = "list_playbook_versions", path = "/playbook-versions/{*path}", tag = "playbooks",
    params(("path" = String, Path, description = "Contains slashes as they are")),
    responses((status = 200, body = Vec<PlaybookVersion>),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(api): State<Api>,
    PlaybookPath(path): PlaybookPath,
    NoQuery: NoQuery,
) -> Result<Json<Vec<PlaybookVersion>>, Refusal> {
    Ok(Json(api.playbook_versions(&path).await?))
}
