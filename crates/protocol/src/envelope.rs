//! The one envelope: table row, bus item, frame body, Socket.IO payload and history item.

use crate::{Event, EventId, Position, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::SerializeMap};
use serde_json::Value;

/// One event with what the log knows about it.
///
/// JSON: `{id, position, time, type, correlation_id, causation_id, traceparent, data}`; all keys are always
/// there, `null` where unknown.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    pub id: EventId,
    /// `None` for an ephemeral event; a projection carries the position of its durable event.
    pub position: Option<Position>,
    pub time: Timestamp,
    /// What this event belongs to: an execution's id, or what the publisher said.
    pub correlation_id: Option<String>,
    /// The id of the event or request that led to this one.
    pub causation_id: Option<String>,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// `type` and `data`.
    pub event: Event,
}

/// The envelope's JSON for the OpenAPI document; the fields are those of `Serialize` below.
#[cfg(feature = "openapi")]
#[derive(utoipa::ToSchema)]
#[schema(as = Envelope)]
#[allow(dead_code)]
struct EnvelopeSchema {
    id: EventId,
    /// `null` for an ephemeral event.
    #[schema(required)]
    position: Option<Position>,
    time: Timestamp,
    r#type: String,
    #[schema(required)]
    correlation_id: Option<String>,
    #[schema(required)]
    causation_id: Option<String>,
    #[schema(required)]
    traceparent: Option<String>,
    /// Depends on `type`; execution events carry `execution_id`, and where they apply `step`, `visit`, `attempt`.
    data: serde_json::Value,
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Envelope {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        <EnvelopeSchema as utoipa::PartialSchema>::schema()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Envelope {
    fn name() -> std::borrow::Cow<'static, str> {
        "Envelope".into()
    }

    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        <EnvelopeSchema as utoipa::ToSchema>::schemas(schemas);
    }
}

impl Serialize for Envelope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(8))?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("position", &self.position)?;
        map.serialize_entry("time", &self.time)?;
        map.serialize_entry("type", self.event.name())?;
        map.serialize_entry("correlation_id", &self.correlation_id)?;
        map.serialize_entry("causation_id", &self.causation_id)?;
        map.serialize_entry("traceparent", &self.traceparent)?;
        map.serialize_entry("data", &self.event.data())?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            id: EventId,
            #[serde(default)]
            position: Option<Position>,
            time: Timestamp,
            r#type: String,
            #[serde(default)]
            correlation_id: Option<String>,
            #[serde(default)]
            causation_id: Option<String>,
            #[serde(default)]
            traceparent: Option<String>,
            // Not a `RawValue`: that cannot be read inside a frame, whose `type` makes serde buffer it.
            data: Value,
        }
        let wire = Wire::deserialize(deserializer)?;
        let event = Event::from_value(&wire.r#type, wire.data)
            .map_err(|error| D::Error::custom(format!("data of a `{}` event: {error}", wire.r#type)))?;
        Ok(Self {
            id: wire.id,
            position: wire.position,
            time: wire.time,
            correlation_id: wire.correlation_id,
            causation_id: wire.causation_id,
            traceparent: wire.traceparent,
            event,
        })
    }
}
