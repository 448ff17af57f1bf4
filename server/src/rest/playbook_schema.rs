//! `/api/v1/playbook-schema`

use super::{
    Refusal,
    extract::{Caller, NoQuery},
};
use axum::{
    http::header,
    response::{IntoResponse, Response},
};

/// The JSON Schema of playbooks, for editors. It is stricter than registration in one thing: fields nobody knows
/// are errors.
#[utoipa::path(get, operation_id = "get_playbook_schema", path = "/playbook-schema", tag = "playbooks",
    responses((status = 200, description = "A JSON Schema", content_type = "application/schema+json")))]
pub(super) async fn get(Caller(api): Caller, NoQuery: NoQuery) -> Result<Response, Refusal> {
    let schema = api.playbook_schema().to_string();
    Ok(([(header::CONTENT_TYPE, "application/schema+json")], schema).into_response())
}
