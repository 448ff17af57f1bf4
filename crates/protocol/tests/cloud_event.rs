//! An envelope as a CloudEvent is a contract with programs that know nothing of Signalbox: what the specification
//! (CloudEvents 1.0, its JSON format, the distributed tracing extension) demands holds for every event.

use protocol::{
    Envelope, Epoch, Event, EventId, ExecutionId, Position, Timestamp,
    cloud_event::CloudEvent,
    event::{MemoryAction, MemoryTimeline, Progress, Severity, StepStarted, SystemAlert},
    projection,
};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

const EPOCH: &str = "0b1e3f5a-0000-4000-8000-000000000001";

fn envelope(event: impl Into<Event>) -> Envelope {
    Envelope {
        id: EventId(Uuid::from_u128(7)),
        position: Some(Position(12)),
        time: Timestamp(1_700_000_000_123),
        correlation_id: Some("c".into()),
        causation_id: Some("d".into()),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
        event: event.into(),
    }
}

fn step_started() -> StepStarted {
    StepStarted {
        execution_id: ExecutionId(Uuid::from_u128(9)),
        path: "samples/hello".into(),
        step: "greet".into(),
        visit: 1,
        protocol: "python".into(),
        input: Arc::new(json!({"name": "Ada"})),
        progress: Progress { completed: 1, known: 4 },
        saves: false,
    }
}

fn alert() -> SystemAlert {
    SystemAlert {
        severity: Severity::Warning,
        component: "store".into(),
        message: "slow".into(),
        timestamp: Timestamp(5),
        details: None,
    }
}

fn remembered(agent: &str) -> MemoryTimeline {
    MemoryTimeline {
        memory_id: "m".into(),
        action: MemoryAction::Created,
        content: None,
        importance: 0.5,
        tags: Vec::new(),
        agent_id: Some(agent.into()),
        timestamp: Timestamp(5),
    }
}

fn written(event: &Envelope) -> Value {
    let epoch = Epoch(EPOCH.to_owned());
    serde_json::to_value(CloudEvent { event, epoch: &epoch }).expect("serialises")
}

#[test]
fn what_the_envelope_says_is_in_the_attributes() {
    let event = envelope(step_started());
    let expect = json!({
        "specversion": "1.0", "id": "00000000-0000-0000-0000-000000000007",
        "source": "urn:uuid:0b1e3f5a-0000-4000-8000-000000000001", "type": "step_started",
        "subject": "execution:00000000-0000-0000-0000-000000000009", "time": "2023-11-14T22:13:20.123Z",
        "datacontenttype": "application/json", "position": "12", "epoch": EPOCH,
        "correlationid": "c", "causationid": "d",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "data": serde_json::to_value(&event).unwrap()["data"],
    });
    assert_eq!(written(&event), expect);
}

#[test]
fn the_subject_is_what_it_is_about() {
    let projected = projection::workflow_execution(&envelope(step_started())).expect("a projection");
    for (event, expect) in [
        (projected, json!("workflow:samples/hello")),
        (envelope(remembered("scout")), json!("agent:scout")),
        (envelope(alert()), Value::Null),
        (envelope(Event::Other { name: "later".into(), data: json!([1]) }), Value::Null),
    ] {
        assert_eq!(written(&event)["subject"], expect, "{event:?}");
    }
}

/// Every rule of the specification for an event of these attributes.
fn assert_conforms(event: &Value) {
    let attributes = event.as_object().expect("an object");
    for required in ["id", "source", "specversion", "type"] {
        assert!(attributes[required].as_str().is_some_and(|text| !text.is_empty()), "{required}: {event}");
    }
    assert_eq!(attributes["specversion"], "1.0");
    for (name, value) in attributes.iter().filter(|(name, _)| *name != "data") {
        let is_name = (1..=20).contains(&name.len());
        assert!(is_name && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "{name}");
        let text = value.as_str().unwrap_or_else(|| panic!("{name} is a string: {event}"));
        assert!(!text.is_empty(), "{name}: {event}");
        for c in text.chars() {
            let code = u32::from(c);
            let is_control = code <= 0x1F || (0x7F..=0x9F).contains(&code);
            let is_no_character = (0xFDD0..=0xFDEF).contains(&code) || code & 0xFFFF >= 0xFFFE;
            assert!(!is_control && !is_no_character, "{name}: {text:?}");
        }
    }
    if let Some(time) = attributes.get("time") {
        assert!(Timestamp::from_rfc3339(time.as_str().expect("text")).is_some(), "{time}");
    }
    assert!(attributes.contains_key("data") && !attributes.contains_key("data_base64"));
    assert_eq!(attributes["datacontenttype"], "application/json");
}

#[test]
fn whatever_an_event_says_the_rules_hold() {
    let bare = |event: Event| Envelope {
        position: None,
        correlation_id: None,
        causation_id: None,
        traceparent: None,
        ..envelope(event)
    };
    let odd = "a\u{0}b\n\u{85}\u{7F}\u{FDD0}\u{FFFE}\u{1FFFF}ü\u{FEFF}\u{2028}";
    for event in [
        envelope(step_started()),
        bare(alert().into()),
        envelope(remembered(odd)),
        Envelope { correlation_id: Some(odd.into()), causation_id: Some(String::new()), ..envelope(alert()) },
        Envelope { time: Timestamp(i64::MAX), ..envelope(alert()) },
        Envelope { time: Timestamp(-62_167_219_200_001), ..envelope(alert()) },
        Envelope { time: Timestamp(-62_167_219_200_000), ..envelope(alert()) },
        Envelope { time: Timestamp(253_402_300_799_999), ..envelope(alert()) },
        Envelope { position: Some(Position(u64::MAX)), ..envelope(alert()) },
    ] {
        assert_conforms(&written(&event));
    }
    let read = |time: i64| written(&Envelope { time: Timestamp(time), ..envelope(alert()) })["time"].clone();
    assert_eq!(read(253_402_300_799_999), "9999-12-31T23:59:59.999Z");
    assert_eq!(read(253_402_300_800_000), Value::Null, "no year of RFC 3339");
    assert_eq!(read(-62_167_219_200_000), "0000-01-01T00:00:00.000Z");
    assert_eq!(
        written(&envelope(remembered(odd)))["subject"],
        "agent:a\u{FFFD}b\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}ü\u{FEFF}\u{2028}"
    );
    assert_eq!(written(&bare(alert().into())).as_object().unwrap().len(), 8, "what is not there is left out");
}

#[test]
fn a_batch_is_a_list() {
    let epoch = Epoch(EPOCH.to_owned());
    assert_eq!(serde_json::to_value(CloudEvent::all(&[], &epoch)).unwrap(), json!([]));
    let events = [envelope(alert()), envelope(step_started())];
    let batch = serde_json::to_value(CloudEvent::all(&events, &epoch)).unwrap();
    assert_eq!(batch, json!([written(&events[0]), written(&events[1])]));
}
