//! Measurements over time, for charts.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// Which measurements, and of when. Also the query string.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams, utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct SeriesQuery {
    /// `cpu_usage`, `event_rate` …, or what programs call theirs.
    pub name: String,
    /// Only of this agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// Epoch ms; an hour before `until` unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<i64>,
    /// Epoch ms, excluded; now unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
}

/// What was measured under a name, one series for each who measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeriesPage {
    pub name: String,
    pub from: Timestamp,
    pub until: Timestamp,
    /// What one point stands for.
    pub resolution_ms: u64,
    pub series: Vec<Series>,
}

/// The measurements of one source, oldest first. Where nothing was measured there is no point.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Series {
    #[serde(default)]
    pub agent_id: Option<String>,
    /// The server that measured itself; `null` for what programs published.
    #[serde(default)]
    pub server: Option<String>,
    pub unit: String,
    /// `system`, `agent`, `network` or `database`.
    pub category: String,
    pub points: Vec<SeriesPoint>,
}

/// The measurements of one stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeriesPoint {
    /// When it begins.
    pub at: Timestamp,
    pub count: u64,
    pub mean: f64,
    pub min: f64,
    pub max: f64,
}

/// What was measured in the last day, by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeriesList {
    pub series: Vec<SeriesSummary>,
}

/// Something that is measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeriesSummary {
    pub name: String,
    #[serde(default)]
    pub agent_id: Option<String>,
    #[serde(default)]
    pub server: Option<String>,
    pub unit: String,
    pub category: String,
    /// When it was measured last, to the minute.
    pub last_at: Timestamp,
}
