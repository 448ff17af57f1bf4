//! `/api/v1/approvals`

use super::{
    Refusal,
    extract::{Caller, Query},
    page,
};
use axum::Json;
use protocol::api::{ApprovalPage, ApprovalQuery};

/// Approvals of a page, at most.
const MOST: u32 = 500;

/// Steps that wait for a person, over all executions; those that wait the longest first.
#[utoipa::path(get, operation_id = "list_approvals", path = "/approvals", tag = "approvals", params(ApprovalQuery),
    responses((status = 200, body = ApprovalPage)))]
pub(super) async fn list(
    Caller(api): Caller,
    Query(query): Query<ApprovalQuery>,
) -> Result<Json<ApprovalPage>, Refusal> {
    query.limit.map_or(Ok(()), |limit| page::within(limit, MOST))?;
    Ok(Json(api.approvals(query).await?))
}
