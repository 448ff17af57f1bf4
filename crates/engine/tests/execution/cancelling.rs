//! Cancel.

use crate::scenario::{Run, completed, workflow};
use engine::Input;
use protocol::{Event, Outcome, Phase};
use serde_json::json;

const STEPS: &str = "\n  - {step: start, next: [a, b]}\n  - {step: a, type: noop, next: end}\n  - {step: b, type: noop, next: end}\n  - {step: end}\n";

fn cancel() -> Input {
    Input::Cancel { reason: "not needed".into(), by: "ann".into() }
}

#[test]
fn cancel_ends_the_execution_and_settles_its_tasks() {
    let mut run = Run::started(STEPS);
    run.claim("a");
    let key = run.task("a").key.clone();
    let decision = run.input(cancel());
    assert_eq!(decision.settled.len(), 2);
    assert_eq!(run.lines()[4..], ["execution_cancelled", "execution_complete"]);
    let Event::ExecutionCancelled(event) = &decision.events[0] else { panic!() };
    assert_eq!((event.reason.as_str(), event.by.as_str()), ("not needed", "ann"));
    assert_eq!((run.execution.phase(), run.outcome()), (Phase::Completed, Some(Outcome::Cancelled)));
    assert!(
        run.input(crate::scenario::report(completed(key, json!(1)))).events.is_empty(),
        "a late report changes nothing"
    );
}

#[test]
fn cancel_of_what_has_ended_or_not_begun_changes_nothing() {
    let mut run = Run::of(&workflow(STEPS));
    assert!(run.input(cancel()).events.is_empty());
    run.start(json!(null));
    run.finish(|_| json!(1));
    assert!(run.input(cancel()).events.is_empty());
    assert_eq!(run.outcome(), Some(Outcome::Completed));
}

#[test]
fn a_second_cancel_changes_nothing() {
    let mut run = Run::started(STEPS);
    run.input(cancel());
    assert!(run.input(cancel()).events.is_empty());
}
