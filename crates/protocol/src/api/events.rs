//! Which part of a topic's history, and which of its events.

use crate::{Envelope, Timestamp};
use serde::{Deserialize, Serialize};

/// A part of a topic's history; also the query string of the tap's page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams, utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct EventQuery {
    /// `events`, `workflow_executions`, `execution:ID`, `workflow:PATH` …; `events` unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Only events of this type; several by comma.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub types: Option<String>,
    /// Only what belongs to this: an execution's id, or what the publisher said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// At or after / before, epoch ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// Events after this position; from the beginning when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// Events up to this position, it included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<u64>,
    /// From the end backwards: `next` is then the `through` of the following page.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub newest_first: bool,
    /// 1 to 1,000; 100 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

impl EventQuery {
    pub fn filter(&self) -> EventFilter {
        let types = self.types.iter().flat_map(|types| types.split(',')).map(str::trim);
        EventFilter {
            types: types.filter(|kind| !kind.is_empty()).map(str::to_owned).collect(),
            correlation_id: self.correlation_id.clone().filter(|id| !id.is_empty()),
            since: self.since.map(Timestamp),
            until: self.until.map(Timestamp),
        }
    }
}

/// Which events of a topic are meant. Server and browser ask the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventFilter {
    /// Empty: all.
    pub types: Vec<String>,
    pub correlation_id: Option<String>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

impl EventFilter {
    /// It lets everything through.
    pub fn is_open(&self) -> bool {
        *self == Self::default()
    }

    pub fn matches(&self, event: &Envelope) -> bool {
        let is_type = self.types.is_empty() || self.types.iter().any(|kind| kind == event.event.name());
        is_type
            && (self.correlation_id.is_none() || self.correlation_id == event.correlation_id)
            && self.since.is_none_or(|since| event.time >= since)
            && self.until.is_none_or(|until| event.time < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_passes_when_every_part_of_the_filter_lets_it() {
        let event: Envelope = serde_json::from_value(json!({
            "id": "01998c4e-9c1b-7d2e-8a10-0123456789ab", "position": 7, "time": 5_000, "type": "deployed",
            "correlation_id": "release-9", "causation_id": null, "traceparent": null, "data": {},
        }))
        .expect("an envelope");
        for (query, expect) in [
            (json!({}), true),
            (json!({"type": "built, deployed"}), true),
            (json!({"type": " , "}), true),
            (json!({"type": "built"}), false),
            (json!({"correlation_id": "release-9"}), true),
            (json!({"correlation_id": "release-8"}), false),
            (json!({"since": 5_000, "until": 5_001}), true),
            (json!({"since": 5_001}), false),
            (json!({"until": 5_000}), false),
            (json!({"type": "deployed", "correlation_id": "release-8"}), false),
        ] {
            let filter = serde_json::from_value::<EventQuery>(query.clone()).expect("a query").filter();
            assert_eq!(filter.matches(&event), expect, "{query}");
        }
    }
}
