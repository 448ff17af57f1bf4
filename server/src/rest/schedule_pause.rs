//! `/api/v1/schedules/{name}/pause`

use super::{
    Refusal,
    extract::{Caller, NamePath, NoQuery},
};
use axum::Json;
use protocol::{Problem, api::ScheduleDetail};

/// It fires no more until it is resumed. Pausing twice is no error.
#[utoipa::path(post, operation_id = "pause_schedule", path = "/schedules/{name}/pause", tag = "schedules",
    params(("name" = String, Path, description = "Slashes are written `%2F`")),
    responses((status = 200, body = ScheduleDetail),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn pause(
    Caller(api): Caller,
    NamePath(name): NamePath,
    NoQuery: NoQuery,
) -> Result<Json<ScheduleDetail>, Refusal> {
    Ok(Json(api.pause_schedule(&name).await?))
}
