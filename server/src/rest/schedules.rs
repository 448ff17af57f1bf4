//! `/api/v1/schedules`

use super::{
    Refusal,
    extract::{Caller, Json as JsonBody, NamePath, NoQuery, Query},
};
use axum::{
    Json,
    http::{StatusCode, header},
    response::AppendHeaders,
};
use protocol::{
    Problem,
    api::{ScheduleDetail, ScheduleList, ScheduleQuery, ScheduleRequest},
};

/// All schedules, by name.
#[utoipa::path(get, operation_id = "list_schedules", path = "/schedules", tag = "schedules", params(ScheduleQuery),
    responses((status = 200, body = ScheduleList)))]
pub(super) async fn list(
    Caller(api): Caller,
    Query(query): Query<ScheduleQuery>,
) -> Result<Json<ScheduleList>, Refusal> {
    Ok(Json(api.schedules(query).await?))
}

/// Adds a schedule.
#[utoipa::path(
    post, operation_id = "add_schedule", path = "/schedules", tag = "schedules", request_body = ScheduleRequest,
    responses(
        (status = 201, body = ScheduleDetail, headers(("Location" = String, description = "Where the schedule is"))),
        (status = 404, description = "No such playbook or version", body = Problem,
            content_type = "application/problem+json"),
        (status = 409, description = "There is one of this name", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "Pattern, zone, name or input cannot be used", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(super) async fn add(
    Caller(api): Caller,
    NoQuery: NoQuery,
    JsonBody(request): JsonBody<ScheduleRequest>,
) -> Result<(StatusCode, AppendHeaders<[(header::HeaderName, String); 1]>, Json<ScheduleDetail>), Refusal> {
    let schedule = api.add_schedule(request).await?;
    let location = format!("/api/v1/schedules/{}", schedule.name);
    Ok((StatusCode::CREATED, AppendHeaders([(header::LOCATION, location)]), Json(schedule)))
}

/// One schedule. The name of one that stands in a playbook is the playbook's path, `:`, and its own.
#[utoipa::path(get, operation_id = "get_schedule", path = "/schedules/{name}", tag = "schedules",
    params(("name" = String, Path, description = "Slashes are written `%2F`")),
    responses((status = 200, body = ScheduleDetail),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn get(
    Caller(api): Caller,
    NamePath(name): NamePath,
    NoQuery: NoQuery,
) -> Result<Json<ScheduleDetail>, Refusal> {
    Ok(Json(api.schedule(&name).await?))
}

/// Puts a schedule, new or not.
#[utoipa::path(
    put, operation_id = "put_schedule", path = "/schedules/{name}", tag = "schedules", request_body = ScheduleRequest,
    params(("name" = String, Path, description = "Letters, digits, `_`, `-` and `.`")),
    responses((status = 200, body = ScheduleDetail), (status = 201, description = "It is new", body = ScheduleDetail),
        (status = 404, description = "No such playbook or version", body = Problem,
            content_type = "application/problem+json"),
        (status = 409, description = "It stands in a playbook", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "Pattern, zone, name or input cannot be used", body = Problem,
            content_type = "application/problem+json"))
)]
pub(super) async fn put(
    Caller(api): Caller,
    NamePath(name): NamePath,
    NoQuery: NoQuery,
    JsonBody(request): JsonBody<ScheduleRequest>,
) -> Result<(StatusCode, Json<ScheduleDetail>), Refusal> {
    let (schedule, is_new) = api.put_schedule(&name, request).await?;
    Ok((if is_new { StatusCode::CREATED } else { StatusCode::OK }, Json(schedule)))
}

/// Takes a schedule away; executions it started go on.
#[utoipa::path(delete, operation_id = "delete_schedule", path = "/schedules/{name}", tag = "schedules",
    params(("name" = String, Path, description = "Slashes are written `%2F`")),
    responses((status = 204, description = "It is gone"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It stands in a playbook", body = Problem,
            content_type = "application/problem+json")))]
pub(super) async fn delete(
    Caller(api): Caller,
    NamePath(name): NamePath,
    NoQuery: NoQuery,
) -> Result<StatusCode, Refusal> {
    api.delete_schedule(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}
