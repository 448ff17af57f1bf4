//! `/api/v1/schedules/{name}/resume`

use super::{
    Refusal,
    extract::{Caller, NamePath, NoQuery},
};
use axum::Json;
use protocol::{Problem, api::ScheduleDetail};

/// It fires again from the next time on; times that passed while it was paused are not caught up.
#[utoipa::path(post, operation_id = "resume_schedule", path = "/schedules/{name}/resume", tag = "schedules",
    params(("name" = String, Path, description = "Slashes are written `%2F`")),
    responses((status = 200, body = ScheduleDetail),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn resume(
    Caller(api): Caller,
    NamePath(name): NamePath,
    NoQuery: NoQuery,
) -> Result<Json<ScheduleDetail>, Refusal> {
    Ok(Json(api.resume_schedule(&name).await?))
}
