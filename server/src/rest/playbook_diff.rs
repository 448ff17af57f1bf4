//! `/api/v1/playbook-diff/{path}`

use super::{
    Refusal,
    extract::{Caller, PlaybookPath, Query},
};
use axum::Json;
use protocol::{
    Problem,
    api::{DiffQuery, PlaybookDiff},
};

/// What changed between two versions of a playbook. The path may contain slashes.
#[utoipa::path(get, operation_id = "diff_playbook", path = "/playbook-diff/{*path}", tag = "playbooks",
    params(("path" = String, Path, description = "Contains slashes as they are"), DiffQuery),
    responses((status = 200, body = PlaybookDiff),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn get(
    Caller(api): Caller,
    PlaybookPath(path): PlaybookPath,
    Query(query): Query<DiffQuery>,
) -> Result<Json<PlaybookDiff>, Refusal> {
    Ok(Json(api.playbook_diff(&path, query).await?))
}
