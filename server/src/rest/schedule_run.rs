//! `/api/v1/schedules/{name}/run`

use super::{
    Refusal,
    extract::{Caller, IdempotencyKey, NamePath, NoQuery},
    submitted::Started,
};
use protocol::{Problem, api::Submitted};

/// Starts an execution as the schedule would now, paused or not; its times stay as they are.
#[utoipa::path(post, operation_id = "run_schedule", path = "/schedules/{name}/run", tag = "schedules",
    params(("name" = String, Path, description = "Slashes are written `%2F`"),
        ("Idempotency-Key" = Option<String>, Header, description = "A second request with it starts nothing")),
    responses((status = 201, body = Submitted),
        (status = 200, description = "The key was used before", body = Submitted),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn run(
    Caller(api): Caller,
    NamePath(name): NamePath,
    NoQuery: NoQuery,
    IdempotencyKey(key): IdempotencyKey,
) -> Result<Started, Refusal> {
    Ok(Started(api.run_schedule(&name, key).await?))
}
