//! `/api/v1/agents`

use super::{
    Refusal,
    extract::{Caller, NoQuery},
};
use axum::Json;
use protocol::api::AgentList;

/// The agents other programs told of, as they said last that they are.
#[utoipa::path(get, operation_id = "list_agents", path = "/agents", tag = "agents",
    responses((status = 200, body = AgentList)))]
pub(super) async fn list(Caller(api): Caller, NoQuery: NoQuery) -> Result<Json<AgentList>, Refusal> {
    Ok(Json(api.agents().await?))
}
