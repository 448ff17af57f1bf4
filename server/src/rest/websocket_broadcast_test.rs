//! `/api/v1/websocket/broadcast/test`

use super::{
    Refusal,
    extract::{Caller, NoQuery},
};
use axum::Json;
use protocol::api::BroadcastTest;

/// Sends one message of each kind to its rooms; nothing of it is kept.
#[utoipa::path(post, operation_id = "test_broadcast", path = "/websocket/broadcast/test", tag = "websocket",
    responses((status = 200, body = BroadcastTest)))]
pub(super) async fn send(Caller(api): Caller, NoQuery: NoQuery) -> Result<Json<BroadcastTest>, Refusal> {
    Ok(Json(api.broadcast_test().await?))
}
