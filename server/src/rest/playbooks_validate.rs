//! `/api/v1/playbooks/validate`

use super::{
    Refusal,
    extract::{Caller, NoQuery, Yaml},
};
use axum::Json;
use protocol::api::Validation;

/// Says everything that is wrong with a playbook, and stores nothing. Also answers 200 when it is not valid.
#[utoipa::path(
    post, operation_id = "validate_playbook", path = "/playbooks/validate", tag = "playbooks",
    request_body(content = String, content_type = "application/yaml", description = "The playbook's YAML"),
    responses((status = 200, body = Validation))
)]
pub(super) async fn validate(
    Caller(api): Caller,
    NoQuery: NoQuery,
    Yaml(source): Yaml,
) -> Result<Json<Validation>, Refusal> {
    Ok(Json(api.validate_playbook(&source).await?))
}
