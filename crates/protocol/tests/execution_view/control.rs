//! Waiting, asking, pausing, queueing, children and reruns on an execution's page.

use crate::{folded, log, progress, start, step_started};
use protocol::{Phase, StepStatus, Timestamp, Topic, projection};
use serde_json::json;

const OTHER: &str = "01998c4e-9c1b-7d2e-8a10-0123456789ab";

#[test]
fn a_step_that_waits_tells_until_when_and_for_what() {
    let waits = json!({"step": "pause", "visit": 1, "attempt": 1, "worker": "engine", "until": 9_000, "signal": "go"});
    let events = log(&[
        start(),
        step_started("pause"),
        ("action_started", waits),
        ("action_completed", json!({"step": "pause", "visit": 1, "attempt": 1, "result": null, "duration_ms": 1})),
        ("step_completed", json!({"step": "pause", "visit": 1, "progress": progress(1, 2)})),
    ]);
    let view = folded(&events[..3]);
    assert_eq!(view.steps[0].status, StepStatus::Waiting);
    assert_eq!((view.steps[0].until, view.steps[0].signal.as_deref()), (Some(Timestamp(9_000)), Some("go")));
    assert_eq!(view.attempts[0].status, StepStatus::Waiting);
    assert_eq!(folded(&events).steps[0].status, StepStatus::Completed);
}

#[test]
fn an_approval_shows_what_is_asked_until_it_is_answered() {
    let form = json!([{"name": "approved", "type": "boolean"}]);
    let asks = json!({"step": "ask", "visit": 1, "message": "Ship it?", "form": form, "due": 60_000, "default": {"approved": false}});
    let events = log(&[
        start(),
        step_started("ask"),
        ("approval_requested", asks),
        ("signal_received", json!({"name": "ask", "step": "ask", "visit": 1, "data": {"approved": true}, "by": "ann"})),
        (
            "action_completed",
            json!({"step": "ask", "visit": 1, "attempt": 1, "result": {"approved": true}, "duration_ms": 1}),
        ),
        ("step_completed", json!({"step": "ask", "visit": 1, "progress": progress(1, 2)})),
    ]);
    let view = folded(&events[..3]);
    let step = &view.steps[0];
    assert!(step.waits_for_answer());
    assert_eq!((step.status, step.until), (StepStatus::Waiting, Some(Timestamp(60_000))));
    let asked = step.approval.as_ref().expect("what is asked");
    assert_eq!((asked.message.as_str(), &*asked.form, asked.requested_at), ("Ship it?", &form, Timestamp(3_000)));
    let view = folded(&events);
    assert!(!view.steps[0].waits_for_answer());
    assert!(view.steps[0].approval.is_some(), "what was asked is still told");
    assert_eq!(view.events[3].summary, "`ask` by ann: {\"approved\":true}");
}

#[test]
fn a_pause_is_told_while_it_lasts() {
    let events = log(&[
        start(),
        ("execution_paused", json!({"reason": "lunch", "by": "ann"})),
        ("execution_resumed", json!({"by": "bob"})),
    ]);
    let paused = folded(&events[..2]).paused.expect("a pause");
    assert_eq!((paused.reason.as_str(), paused.by.as_str(), paused.since), ("lunch", "ann", Timestamp(2_000)));
    assert_eq!(folded(&events).paused, None);
}

#[test]
fn a_queued_execution_is_told_from_one_that_runs() {
    let queued =
        json!({"version": 3, "input": {"n": 1}, "reason": "concurrency", "key": "acme", "trigger": "schedule:nightly"});
    let (name, mut started) = start();
    started["queued_at"] = json!(1_000);
    started["trigger"] = json!("schedule:nightly");
    let events = log(&[("execution_queued", queued), (name, started)]);
    let view = folded(&events[..1]);
    assert_eq!((view.phase, view.status(), view.version), (Phase::Initial, StepStatus::Queued, 3));
    assert_eq!(
        view.queued.as_ref().map(|q| (q.reason.as_str(), q.key.as_deref())),
        Some(("concurrency", Some("acme")))
    );
    assert_eq!(view.origin.trigger.as_deref(), Some("schedule:nightly"));
    let view = folded(&events);
    assert_eq!((view.phase, view.queued, view.created_at), (Phase::InProgress, None, Timestamp(1_000)));
    // The lists hear `pending` once, whether it was queued or not.
    let statuses: Vec<String> = events
        .iter()
        .map(|event| projection::workflow_execution(event).expect("it has one").event.data_json())
        .map(|data| serde_json::from_str::<serde_json::Value>(&data).expect("JSON")["status"].to_string())
        .collect();
    assert_eq!(statuses, ["\"pending\"", "\"running\""]);
}

#[test]
fn children_know_their_parents_and_parents_their_children() {
    let (name, mut started) = start();
    started["parent"] = json!({"execution_id": OTHER, "step": "call", "visit": 2, "attempt": 1, "item": 7});
    let view = folded(&log(&[
        (name, started),
        step_started("deeper"),
        ("action_started", json!({"step": "deeper", "visit": 1, "attempt": 1, "worker": "engine", "child": OTHER})),
    ]));
    let parent = view.origin.parent.expect("a parent");
    assert_eq!((parent.step.as_str(), parent.visit, parent.item), ("call", 2, Some(7)));
    assert_eq!(view.steps[0].child.map(|id| id.to_string()).as_deref(), Some(OTHER));
}

#[test]
fn a_rerun_shows_what_it_took_over() {
    let (name, mut started) = start();
    started["rerun"] = json!({"of": OTHER, "from": "load"});
    let arcs = json!([{"from": "fetch", "to": "load", "visit": 1, "taken": true}]);
    let reused =
        json!({"step": "fetch", "visit": 1, "of": OTHER, "result": {"n": 1}, "progress": progress(1, 2), "arcs": arcs});
    let events = log(&[(name, started), ("step_reused", reused), step_started("load")]);
    let view = folded(&events);
    assert_eq!(view.origin.rerun.as_ref().and_then(|rerun| rerun.from.as_deref()), Some("load"));
    let step = &view.steps[0];
    assert_eq!((step.status, step.reused_of.map(|id| id.to_string()).as_deref()), (StepStatus::Completed, Some(OTHER)));
    assert_eq!(step.result.as_ref().map(|result| result.text.as_str()), Some(r#"{"n":1}"#));
    assert_eq!(view.transitions.last().map(|arc| arc.to.as_str()), Some("load"));
    assert_eq!(view.events[1].summary, format!("result of {OTHER}"));
    assert!(projection::workflow_execution(&events[1]).is_some());
}

#[test]
fn a_cancellation_that_cleans_up_is_told_until_the_end() {
    let events = log(&[
        start(),
        step_started("fetch"),
        ("execution_cancelled", json!({"reason": "enough", "by": "ann"})),
        step_started("tidy"),
        (
            "execution_complete",
            json!({"node_name": "b", "outcome": "cancelled", "result": null, "duration_ms": 1, "progress": progress(0, 2)}),
        ),
    ]);
    assert!(folded(&events[..4]).is_cancelling);
    assert!(!folded(&events).is_cancelling);
}

#[test]
fn every_event_that_is_projected_says_so() {
    let error = json!({"code": "c", "message": "m"});
    let samples = [
        ("execution_queued", json!({"version": 3, "input": {}, "reason": "concurrency", "key": "acme"})),
        start(),
        (
            "step_reused",
            json!({"step": "a", "visit": 1, "of": OTHER, "result": 1, "progress": progress(1, 2), "arcs": []}),
        ),
        step_started("fetch"),
        ("step_completed", json!({"step": "fetch", "visit": 1, "progress": progress(1, 2), "arcs": []})),
        ("step_failed", json!({"step": "fetch", "visit": 1, "error": error, "progress": progress(1, 2), "arcs": []})),
        (
            "execution_complete",
            json!({"node_name": "b", "outcome": "completed", "result": 1, "duration_ms": 8, "progress": progress(1, 1)}),
        ),
        ("execution_paused", json!({"reason": "r", "by": "b"})),
    ];
    let mut tried = Vec::new();
    for (name, event) in samples.iter().map(|(name, _)| *name).zip(log(&samples)) {
        let projected = projection::workflow_execution(&event);
        assert_eq!(projected.is_some(), projection::PROJECTED.contains(&name), "{name}");
        assert_eq!(projected.is_some(), projection::has_one(&event.event), "{name}");
        let topics = projected.iter().flat_map(Topic::of);
        assert!(topics.into_iter().all(|topic| projection::are_seen_under(&topic)), "{name}");
        tried.extend(projected.map(|_| name));
    }
    assert_eq!(tried, projection::PROJECTED);
}
