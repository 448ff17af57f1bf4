//! `/api/v1/metrics/series`

use super::{
    Refusal,
    extract::{Caller, Query},
};
use axum::Json;
use protocol::{
    Problem,
    api::{SeriesPage, SeriesQuery},
};

/// What was measured under a name over time, for a chart.
#[utoipa::path(get, operation_id = "get_metric_series", path = "/metrics/series", tag = "metrics", params(SeriesQuery),
    responses((status = 200, body = SeriesPage),
        (status = 400, description = "It ends before it begins", body = Problem,
            content_type = "application/problem+json")))]
pub(super) async fn get(Caller(api): Caller, Query(query): Query<SeriesQuery>) -> Result<Json<SeriesPage>, Refusal> {
    Ok(Json(api.metric_series(query).await?))
}
