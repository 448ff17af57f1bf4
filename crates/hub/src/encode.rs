//! Frames as bytes. An event's frame is built once and shared by every connection.

use bytes::Bytes;
use protocol::{Envelope, Topic, frame::ServerFrame};
use serde::Serialize;

pub(crate) fn frame(frame: &ServerFrame) -> Bytes {
    serde_json::to_vec(frame).expect("frames have string keys and no failing types").into()
}

/// The same bytes as [`ServerFrame::Event`], without owning the event.
pub(crate) fn event(topics: &[Topic], event: &Envelope) -> Bytes {
    #[derive(Serialize)]
    #[serde(tag = "type", rename = "event")]
    struct Event<'a> {
        topics: &'a [Topic],
        event: &'a Envelope,
    }
    serde_json::to_vec(&Event { topics, event }).expect("events have string keys and no failing types").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Event, EventId, Position, Timestamp};
    use uuid::Uuid;

    #[test]
    fn an_event_has_the_bytes_of_its_frame() {
        let envelope = Envelope {
            id: EventId(Uuid::from_u128(7)),
            position: Some(Position(3)),
            time: Timestamp(1_700_000_000_000),
            correlation_id: None,
            causation_id: Some("c".to_owned()),
            traceparent: None,
            event: Event::Other { name: "thing_happened".to_owned(), data: serde_json::json!({"a": "ü\u{2028}"}) },
        };
        let topics = vec![Topic::Events, Topic::Agent("a\"b".to_owned())];
        assert_eq!(event(&topics, &envelope), frame(&ServerFrame::Event { topics, event: envelope }));
    }
}
