//! An envelope as a CloudEvent, for programs that speak those: CloudEvents 1.0 in its JSON format, with the
//! distributed tracing extension.

use crate::{Envelope, Epoch, Topic};
use serde::{Serialize, Serializer, ser::SerializeMap};
use std::borrow::Cow;

/// The media type of one.
pub const MEDIA_TYPE: &str = "application/cloudevents+json";

/// The media type of a list of them.
pub const BATCH_MEDIA_TYPE: &str = "application/cloudevents-batch+json";

/// The last moment RFC 3339 has a year for, and the first.
const TIMES: std::ops::RangeInclusive<i64> = -62_167_219_200_000..=253_402_300_799_999;

/// An event of the log of this epoch. Attributes that it does not have are left out; none is ever `null`.
///
/// - `source` is the log, `urn:uuid:EPOCH`, whichever server tells of it; `id` is unique in it and beyond.
/// - `subject` is the topic of the one thing it is about: `execution:ID`, `workflow:PATH`, `agent:ID` …
/// - `position` is a string, since integers of CloudEvents have 32 bits.
#[derive(Clone, Copy, Debug)]
pub struct CloudEvent<'a> {
    pub event: &'a Envelope,
    pub epoch: &'a Epoch,
}

impl<'a> CloudEvent<'a> {
    /// A batch.
    pub fn all(events: &'a [Envelope], epoch: &'a Epoch) -> Vec<Self> {
        events.iter().map(|event| Self { event, epoch }).collect()
    }
}

impl Serialize for CloudEvent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { event, epoch } = self;
        let subject = Topic::of(event).into_iter().find(is_of_one).map(|topic| topic.to_string());
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("specversion", "1.0")?;
        map.serialize_entry("id", &event.id)?;
        map.serialize_entry("source", &format!("urn:uuid:{epoch}"))?;
        map.serialize_entry("type", event.event.name())?;
        if let Some(subject) = subject.as_deref().and_then(allowed) {
            map.serialize_entry("subject", &subject)?;
        }
        if TIMES.contains(&event.time.0) {
            map.serialize_entry("time", &event.time.to_rfc3339())?;
        }
        map.serialize_entry("datacontenttype", "application/json")?;
        if let Some(position) = event.position {
            map.serialize_entry("position", &position.to_string())?;
        }
        map.serialize_entry("epoch", epoch)?;
        for (name, value) in [
            ("correlationid", &event.correlation_id),
            ("causationid", &event.causation_id),
            ("traceparent", &event.traceparent),
        ] {
            if let Some(value) = value.as_deref().and_then(allowed) {
                map.serialize_entry(name, &value)?;
            }
        }
        map.serialize_entry("data", &event.event.data())?;
        map.end()
    }
}

/// It is of one thing, not of a kind.
fn is_of_one(topic: &Topic) -> bool {
    matches!(topic, Topic::Execution(_) | Topic::Workflow(_) | Topic::Agent(_) | Topic::Thread(_) | Topic::Session(_))
}

/// Text as an attribute may have it: not empty, without control characters and code points that are no characters,
/// which publishers' names may contain.
fn allowed(text: &str) -> Option<Cow<'_, str>> {
    let is_none =
        |c: char| c.is_control() || matches!(u32::from(c), 0xFDD0..=0xFDEF) || u32::from(c) & 0xFFFE == 0xFFFE;
    if text.is_empty() {
        return None;
    }
    Some(if text.contains(is_none) { text.replace(is_none, "\u{FFFD}").into() } else { text.into() })
}

/// The event's JSON for the OpenAPI document; the fields are those of `Serialize` above.
#[cfg(feature = "openapi")]
#[derive(utoipa::ToSchema)]
#[schema(as = CloudEvent)]
#[allow(dead_code)]
struct CloudEventSchema {
    /// `1.0`
    specversion: String,
    id: crate::EventId,
    /// The log: `urn:uuid:` and its epoch.
    source: String,
    r#type: String,
    /// The topic of what it is about.
    #[schema(nullable = false)]
    subject: Option<String>,
    /// RFC 3339
    #[schema(nullable = false)]
    time: Option<String>,
    /// `application/json`
    datacontenttype: String,
    /// Decimal digits.
    #[schema(nullable = false)]
    position: Option<String>,
    epoch: Epoch,
    #[schema(nullable = false)]
    correlationid: Option<String>,
    #[schema(nullable = false)]
    causationid: Option<String>,
    #[schema(nullable = false)]
    traceparent: Option<String>,
    /// As in the envelope.
    data: serde_json::Value,
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for CloudEvent<'_> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        <CloudEventSchema as utoipa::PartialSchema>::schema()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for CloudEvent<'_> {
    fn name() -> Cow<'static, str> {
        "CloudEvent".into()
    }

    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        <CloudEventSchema as utoipa::ToSchema>::schemas(schemas);
    }
}
