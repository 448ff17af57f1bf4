//! Frames read back as they were written.

use protocol::{
    Envelope, EventId, Position, Timestamp, Topic,
    event::{Severity, SystemAlert},
    frame::ServerFrame,
};

#[test]
fn an_event_frame_reads_back() {
    let event = SystemAlert {
        severity: Severity::Warning,
        component: "test".to_owned(),
        message: "one".to_owned(),
        details: None,
        timestamp: Timestamp(7),
    };
    let frame = ServerFrame::Event {
        topics: vec![Topic::SystemAlerts, Topic::Events],
        event: Envelope {
            id: EventId("01998c4e-9c1b-7d2e-8a10-0123456789ab".parse::<uuid::Uuid>().unwrap()),
            position: Some(Position(4)),
            time: Timestamp(1_700_000_000_000),
            correlation_id: None,
            causation_id: None,
            traceparent: None,
            event: event.into(),
        },
    };
    let text = serde_json::to_string(&frame).unwrap();
    assert!(text.starts_with(r#"{"type":"event","topics":["system_alerts","events"],"event":{"id":"#), "{text}");
    assert_eq!(serde_json::from_str::<ServerFrame>(&text).unwrap(), frame);
}

#[test]
fn topics_of_a_newer_server_are_passed_over() {
    let text = r#"{"type":"performance_metrics","topics":["moods:*","performance_metrics"],"metrics":[]}"#;
    let expected = ServerFrame::PerformanceMetrics { topics: vec![Topic::PerformanceMetrics], metrics: Vec::new() };
    assert_eq!(serde_json::from_str::<ServerFrame>(text).unwrap(), expected);
}
