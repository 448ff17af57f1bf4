//! The envelope's JSON is a contract: other languages read it.

use protocol::{
    Envelope, Event, EventId, ExecutionId, Outcome, Position, Timestamp, Topic,
    event::{ExecutionComplete, Progress, Severity, StepStarted, SystemAlert},
    projection,
};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

fn envelope(event: impl Into<Event>) -> Envelope {
    Envelope {
        id: EventId(Uuid::from_u128(7)),
        position: Some(Position(12)),
        time: Timestamp(1_700_000_000_123),
        correlation_id: Some("c".into()),
        causation_id: None,
        traceparent: None,
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

#[test]
fn all_keys_are_there_and_data_has_the_fields_of_its_type() {
    let value = serde_json::to_value(envelope(step_started())).expect("serialises");
    assert_eq!(
        value,
        json!({
            "id": "00000000-0000-0000-0000-000000000007", "position": 12, "time": 1_700_000_000_123_i64,
            "type": "step_started", "correlation_id": "c", "causation_id": null, "traceparent": null,
            "data": {
                "execution_id": "00000000-0000-0000-0000-000000000009", "path": "samples/hello", "step": "greet",
                "visit": 1, "protocol": "python", "input": {"name": "Ada"}, "progress": {"completed": 1, "known": 4},
            },
        })
    );
}

#[test]
fn what_was_written_reads_back() {
    let unknown = Event::Other { name: "agent_created".into(), data: json!({"id": 1}) };
    for event in [Event::from(step_started()), unknown] {
        let text = serde_json::to_string(&envelope(event.clone())).expect("serialises");
        let back: Envelope = serde_json::from_str(&text).expect("reads back");
        assert_eq!(back, envelope(event));
    }
}

#[test]
fn a_known_type_with_wrong_data_is_an_error_that_names_it() {
    let text = r#"{"id":"00000000-0000-0000-0000-000000000007","time":1,"type":"step_started","data":{}}"#;
    let error = serde_json::from_str::<Envelope>(text).expect_err("data lacks everything").to_string();
    assert!(error.contains("step_started"), "{error}");
}

#[test]
fn s1_messages_keep_their_camel_case() {
    let alert = SystemAlert {
        severity: Severity::Critical,
        component: "store".into(),
        message: "disk full".into(),
        details: None,
        timestamp: Timestamp(5),
    };
    let value = serde_json::to_value(envelope(alert)).expect("serialises");
    assert_eq!(
        value["data"],
        json!({"severity": "critical", "component": "store", "message": "disk full", "timestamp": 5})
    );
}

#[test]
fn the_projection_of_an_execution_event_is_s1s_message_at_the_same_position() {
    let projected = projection::workflow_execution(&envelope(step_started())).expect("it has one");
    assert_eq!(projected.position, Some(Position(12)));
    assert_ne!(projected.id, EventId(Uuid::from_u128(7)));
    let value = serde_json::to_value(&projected).expect("serialises");
    assert_eq!(
        value["data"],
        json!({
            "workflowId": "samples/hello", "executionId": "00000000-0000-0000-0000-000000000009", "stage": "greet",
            "status": "running", "progress": 25.0, "timestamp": 1_700_000_000_123_i64,
        })
    );
    let topics: Vec<String> = Topic::of(&projected).iter().map(Topic::to_string).collect();
    assert_eq!(topics, ["workflow_executions", "workflow:samples/hello", "workflow:*"]);
}

#[test]
fn an_end_projects_outcome_result_and_error() {
    let end = |outcome, result: Value| ExecutionComplete {
        execution_id: ExecutionId(Uuid::from_u128(9)),
        path: "samples/hello".into(),
        node_name: "hello".into(),
        outcome,
        result: Arc::new(result),
        error: None,
        duration_ms: 5,
        progress: Progress { completed: 1, known: 4 },
    };
    let cases = [
        (Outcome::Completed, "completed", 100.0),
        (Outcome::Failed, "failed", 25.0),
        (Outcome::Cancelled, "cancelled", 25.0),
    ];
    for (outcome, word, percent) in cases {
        let projected = projection::workflow_execution(&envelope(end(outcome, json!({"x": 1})))).expect("it has one");
        let value = serde_json::to_value(&projected).expect("serialises");
        assert_eq!((value["data"]["status"].as_str(), value["data"]["progress"].as_f64()), (Some(word), Some(percent)));
    }
}
