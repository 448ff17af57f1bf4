//! The fold behind an execution's page: the same for the server, which renders it, and the browser, which goes on.

mod control;
mod items;

use protocol::{
    Envelope, Event, EventId, ExecutionId, Outcome, Phase, Position, StepStatus, Timestamp, view::ExecutionView,
};
use serde_json::{Value, json};
use uuid::Uuid;

fn id() -> ExecutionId {
    ExecutionId(Uuid::from_u128(7))
}

/// Events of one execution, a second apart, at positions 10, 20 …
fn log(events: &[(&str, Value)]) -> Vec<Envelope> {
    let envelope = |(index, (name, data)): (usize, &(&str, Value))| {
        let mut data = data.clone();
        data["execution_id"] = json!(id());
        data["path"] = json!("a/b");
        let event = Event::from_parts(name, &data.to_string()).expect("data of this type");
        let n = index as u64 + 1;
        Envelope {
            id: EventId(Uuid::from_u128(u128::from(n))),
            position: Some(Position(n * 10)),
            time: Timestamp(n as i64 * 1_000),
            correlation_id: None,
            causation_id: None,
            traceparent: None,
            event,
        }
    };
    events.iter().enumerate().map(envelope).collect()
}

fn progress(completed: u32, known: u32) -> Value {
    json!({"completed": completed, "known": known})
}

fn start() -> (&'static str, Value) {
    let arcs = json!([{"from": "start", "to": "fetch", "visit": 1, "taken": true}]);
    let data = json!({"version": 3, "node_name": "b", "workload": {}, "input": {"n": 1}, "progress": progress(0, 2), "arcs": arcs});
    ("execution_start", data)
}

fn step_started(step: &str) -> (&'static str, Value) {
    ("step_started", json!({"step": step, "visit": 1, "protocol": "http", "input": {}, "progress": progress(0, 2)}))
}

fn action_started(step: &str, attempt: u32) -> (&'static str, Value) {
    ("action_started", json!({"step": step, "visit": 1, "attempt": attempt, "worker": "w"}))
}

fn failing_then_fine() -> Vec<Envelope> {
    let error = json!({"code": "http_status", "message": "503"});
    log(&[
        start(),
        step_started("fetch"),
        action_started("fetch", 1),
        (
            "action_failed",
            json!({"step": "fetch", "visit": 1, "attempt": 1, "error": error, "duration_ms": 1000, "logs": {"stderr": "oh"}}),
        ),
        (
            "retry_scheduled",
            json!({"step": "fetch", "visit": 1, "attempt": 2, "delay_ms": 1000, "due": 6_000, "reason": "timeout"}),
        ),
        action_started("fetch", 2),
        ("action_completed", json!({"step": "fetch", "visit": 1, "attempt": 2, "result": [1, 2], "duration_ms": 1000})),
        (
            "step_completed",
            json!({"step": "fetch", "visit": 1, "progress": progress(1, 2), "arcs": [{"from": "fetch", "to": "end", "visit": 1, "when": "x", "taken": false}]}),
        ),
        (
            "execution_complete",
            json!({"node_name": "b", "outcome": "completed", "result": {"ok": true}, "duration_ms": 8000, "progress": progress(1, 1)}),
        ),
    ])
}

fn folded(events: &[Envelope]) -> ExecutionView {
    let mut view = ExecutionView::new(id());
    for event in events {
        view.apply(event);
    }
    view
}

#[test]
fn page_rendered_anywhere_and_brought_up_to_date_equals_the_whole() {
    let events = failing_then_fine();
    let whole = folded(&events);
    for rendered in 0..=events.len() {
        let json = serde_json::to_string(&folded(&events[..rendered])).expect("a view is JSON");
        let mut view: ExecutionView = serde_json::from_str(&json).expect("what was written");
        for event in &events {
            view.apply(event);
        }
        assert_eq!(view, whole, "rendered after {rendered} events");
    }
}

#[test]
fn steps_and_attempts_tell_where_an_execution_is() {
    let events = failing_then_fine();
    for (after, phase, step, attempts) in [
        (1, Phase::InProgress, None, vec![]),
        (2, Phase::InProgress, Some(StepStatus::Queued), vec![]),
        (3, Phase::InProgress, Some(StepStatus::Running), vec![StepStatus::Running]),
        (5, Phase::InProgress, Some(StepStatus::Waiting), vec![StepStatus::Failed]),
        (6, Phase::InProgress, Some(StepStatus::Running), vec![StepStatus::Failed, StepStatus::Running]),
        (9, Phase::Completed, Some(StepStatus::Completed), vec![StepStatus::Failed, StepStatus::Completed]),
    ] {
        let view = folded(&events[..after]);
        assert_eq!(view.phase, phase, "after {after}");
        assert_eq!(view.steps.first().map(|step| step.status), step, "after {after}");
        assert_eq!(view.attempts.iter().map(|attempt| attempt.status).collect::<Vec<_>>(), attempts, "after {after}");
    }
}

#[test]
fn queue_time_of_a_retry_begins_when_it_is_due() {
    let view = folded(&failing_then_fine());
    let times: Vec<(i64, i64)> = view.attempts.iter().map(|a| (a.queued_at.0, a.started_at.0)).collect();
    assert_eq!(times, [(2_000, 3_000), (6_000, 6_000)]);
}

#[test]
fn end_leaves_nothing_running() {
    let view = folded(&log(&[
        start(),
        step_started("fetch"),
        action_started("fetch", 1),
        ("execution_cancelled", json!({"reason": "enough", "by": "somebody"})),
        (
            "execution_complete",
            json!({"node_name": "b", "outcome": "cancelled", "result": null, "duration_ms": 1, "progress": progress(0, 2)}),
        ),
    ]));
    assert_eq!(view.outcome, Some(Outcome::Cancelled));
    assert_eq!(view.status(), StepStatus::Cancelled);
    assert_eq!(view.steps[0].status, StepStatus::Cancelled);
    assert_eq!(view.attempts[0].ended_at, Some(Timestamp(4_000)), "since it was cancelled");
    assert_eq!(view.events[3].summary, "by somebody: enough");
}

#[test]
fn a_step_that_was_cancelled_and_cleans_up_is_not_shown_as_failed() {
    let error = json!({"code": "cancelled", "message": "the execution was cancelled by somebody: enough"});
    let failed =
        |error: serde_json::Value| json!({"step": "fetch", "visit": 1, "error": error, "progress": progress(0, 2)});
    for (error, expect) in
        [(error, StepStatus::Cancelled), (json!({"code": "boom", "message": "no"}), StepStatus::Failed)]
    {
        let view = folded(&log(&[
            start(),
            step_started("fetch"),
            action_started("fetch", 1),
            ("execution_cancelled", json!({"reason": "enough", "by": "somebody"})),
            ("step_failed", failed(error)),
            step_started("undo"),
        ]));
        assert_eq!((view.steps[0].status, view.steps[1].status), (expect, StepStatus::Queued));
        assert!(view.is_cancelling && view.steps[0].error.is_some());
    }
}

#[test]
fn another_executions_events_change_nothing() {
    let events = failing_then_fine();
    let mut view = ExecutionView::new(ExecutionId(Uuid::from_u128(8)));
    assert!(!events.iter().any(|event| view.apply(event)));
    assert_eq!(view, ExecutionView::new(ExecutionId(Uuid::from_u128(8))));
}
