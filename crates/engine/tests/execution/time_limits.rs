//! What limits an execution's time, and what goes along with its tasks.

use crate::scenario::{Run, completed, report, workflow};
use engine::{Input, wake_at};
use protocol::{Outcome, event::Origin};
use serde_json::json;
use std::sync::Arc;

fn limited() -> Run {
    let steps = "\n  - {step: start, next: [a, b]}\n  - {step: a, type: noop}\n  - {step: b, type: noop}\n";
    Run::of(&workflow(steps).replace("workflow:", "timeout_s: 60\npriority: 7\nworkflow:"))
}

#[test]
fn an_execution_that_takes_too_long_fails_and_its_tasks_are_not_wanted_any_more() {
    let mut run = limited();
    let decision = run.start(json!(null));
    let end = run.now.plus_ms(60_000);
    assert_eq!(decision.wake_at, Some(end));
    assert_eq!(run.complete("a", json!(1)).wake_at, Some(end), "nothing moves it");

    run.now = protocol::Timestamp(end.0 - 11);
    let early = run.input(Input::Tick);
    assert!(early.events.is_empty() && early.wake_at == Some(end));
    let late = run.input(Input::Tick);
    assert_eq!(late.wake_at, None);
    assert_eq!(late.settled.len(), 1);
    assert_eq!((run.outcome(), run.error().code.as_str()), (Some(Outcome::Failed), "execution_timeout"));
    assert!(run.error().message.contains("60 s"), "{}", run.error().message);
}

#[test]
fn time_spent_waiting_to_be_let_in_does_not_count() {
    let mut run = limited();
    let path = "tests/t".to_owned();
    let queue = Input::Queue {
        path: path.clone(),
        version: 1,
        input: Arc::new(json!({"x": 1})),
        origin: Origin { priority: 3, ..Origin::default() },
        reason: "concurrency".into(),
        key: Some("k".into()),
    };
    let queued = run.input(queue.clone());
    assert_eq!((queued.wake_at, run.execution.is_queued()), (None, true));
    assert!(run.input(queue).events.is_empty(), "it is queued once");
    let created = run.now;
    assert!(run.input(Input::Tick).events.is_empty());

    run.now = run.now.plus_ms(3_600_000);
    let origin = Origin { priority: 3, ..Origin::default() };
    let start = Input::Start { path, version: 1, input: Arc::new(json!({"x": 1})), origin, reuse: None };
    let decision = run.input(start);
    assert_eq!(decision.wake_at, Some(run.now.plus_ms(60_000)));
    assert_eq!(run.execution.created_at().plus_ms(10), created);
    assert!(!run.execution.is_queued());
    assert!(decision.tasks.iter().all(|new| new.task.priority == 3), "the submitter's goes first");
    assert_eq!(run.lines()[..2], ["execution_queued", "execution_start"]);
}

#[test]
fn a_queued_execution_can_be_cancelled() {
    for forced in [false, true] {
        let mut run = limited();
        let nothing = run.input(Input::Cancel { reason: "r".into(), by: "b".into() });
        assert!(nothing.events.is_empty(), "nobody knows it");
        run.input(Input::Queue {
            path: "tests/t".into(),
            version: 1,
            input: Arc::new(json!(null)),
            origin: Origin::default(),
            reason: "rate".into(),
            key: None,
        });
        let (reason, by) = ("r".to_owned(), "b".to_owned());
        run.input(if forced { Input::Terminate { reason, by } } else { Input::Cancel { reason, by } });
        assert_eq!(run.outcome(), Some(Outcome::Cancelled));
        assert_eq!(run.lines(), ["execution_queued", "execution_cancelled", "execution_complete"]);
    }
}

#[test]
fn tasks_have_the_priority_of_their_playbook_and_the_heartbeat_of_their_step() {
    let mut run = Run::of(
        &workflow("\n  - {step: start, type: noop, heartbeat_s: 1.5}\n")
            .replace("workflow:", "priority: -2\nworkflow:"),
    );
    run.start(json!(null));
    let task = run.task("start");
    assert_eq!((task.priority, task.heartbeat_ms), (-2, Some(1_500)));
    assert_eq!(wake_at(&run.playbook, &run.execution), None, "nothing waits for time");
}

#[test]
fn terminate_ends_at_once() {
    let mut run = limited();
    run.start(json!(null));
    let decision = run.input(Input::Terminate { reason: "r".into(), by: "ann".into() });
    assert_eq!(decision.settled.len(), 2);
    assert_eq!(run.outcome(), Some(Outcome::Cancelled));
    let key = decision.settled[0].clone();
    assert!(run.input(report(completed(key, json!(1)))).events.is_empty());
}
