//! Frames of the protocol as messages. An event's is built once and shared by every connection.

use crate::wire::Frame;
use protocol::{Envelope, Topic, frame::ServerFrame};
use serde::Serialize;

pub(crate) fn frame(frame: &ServerFrame) -> Frame {
    Frame::json(frame)
}

/// The same bytes as [`ServerFrame::Event`], without owning the event.
pub(crate) fn event(topics: &[Topic], event: &Envelope) -> Frame {
    #[derive(Serialize)]
    #[serde(tag = "type", rename = "event")]
    struct Event<'a> {
        topics: &'a [Topic],
        event: &'a Envelope,
    }
    Frame::json(&Event { topics, event })
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
