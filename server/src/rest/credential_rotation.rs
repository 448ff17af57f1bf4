//! `/api/v1/credential-rotation`

use super::{
    Refusal,
    extract::{Caller, NoQuery},
};
use axum::Json;
use protocol::{Problem, api::Rotated};

/// Seals every credential with a new key, which takes the old one's place in the key file.
#[utoipa::path(post, operation_id = "rotate_credentials", path = "/credential-rotation", tag = "credentials",
    responses((status = 200, body = Rotated),
        (status = 500, description = "The key file cannot be written, or a credential does not open", body = Problem,
            content_type = "application/problem+json")))]
pub(super) async fn rotate(Caller(api): Caller, NoQuery: NoQuery) -> Result<Json<Rotated>, Refusal> {
    Ok(Json(api.rotate_credentials().await?))
}
