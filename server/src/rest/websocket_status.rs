//! `/api/v1/websocket/status`

use super::{
    Refusal,
    extract::{Caller, NoQuery},
};
use axum::Json;
use protocol::api::WebsocketStatus;

/// Who is connected, to which rooms, what waits and what was lost.
#[utoipa::path(get, operation_id = "get_websocket_status", path = "/websocket/status", tag = "websocket",
    responses((status = 200, body = WebsocketStatus)))]
pub(super) async fn get(Caller(api): Caller, NoQuery: NoQuery) -> Result<Json<WebsocketStatus>, Refusal> {
    Ok(Json(api.websocket_status().await))
}
