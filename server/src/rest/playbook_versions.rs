//! `/api/v1/playbook-versions/{path}`. Not below `/playbooks/{path}`: a path may itself end in `/versions`.

use super::{
    Refusal,
    extract::{Caller, NoQuery, PlaybookPath},
};
use axum::Json;
use protocol::{Problem, api::PlaybookVersion};

/// All versions of a playbook, newest first. The path may contain slashes.
#[utoipa::path(get, operation_id = "list_playbook_versions", path = "/playbook-versions/{*path}", tag = "playbooks",
    params(("path" = String, Path, description = "Contains slashes as they are")),
    responses((status = 200, body = Vec<PlaybookVersion>),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    Caller(api): Caller,
    PlaybookPath(path): PlaybookPath,
    NoQuery: NoQuery,
) -> Result<Json<Vec<PlaybookVersion>>, Refusal> {
    Ok(Json(api.playbook_versions(&path).await?))
}
