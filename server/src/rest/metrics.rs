//! `/api/v1/metrics`

use super::{
    Refusal,
    extract::{Caller, NoQuery},
};
use axum::Json;
use protocol::api::SeriesList;

/// What is measured: by servers of themselves, and by programs that publish.
#[utoipa::path(get, operation_id = "list_metrics", path = "/metrics", tag = "metrics",
    responses((status = 200, body = SeriesList)))]
pub(super) async fn list(Caller(api): Caller, NoQuery: NoQuery) -> Result<Json<SeriesList>, Refusal> {
    Ok(Json(api.metric_names().await?))
}
