//! Inputs that come twice, late, or for what is not there.

use crate::scenario::{Run, completed};
use engine::Input;
use protocol::{Event, TaskKey, TaskPart};
use serde_json::json;

const STEPS: &str = "\n  - {step: start, next: a}\n  - {step: a, type: noop, next: b}\n  - {step: b, type: noop, next: end}\n  - {step: end}\n";

fn nothing(run: &mut Run, input: Input) {
    let decision = run.input(input.clone());
    assert!(decision.events.is_empty() && decision.tasks.is_empty() && decision.settled.is_empty(), "{input:?}");
    assert_eq!(decision.wake_at, None);
}

#[test]
fn a_second_start_changes_nothing() {
    let mut run = Run::started(STEPS);
    nothing(&mut run, crate::scenario::start("tests/t", json!(null)));
}

#[test]
fn a_second_claim_changes_nothing_whoever_it_is() {
    let mut run = Run::started(STEPS);
    let key = run.task("a").key.clone();
    run.claim("a");
    nothing(&mut run, Input::Claim { key: key.clone(), worker: "w".into() });
    nothing(&mut run, Input::Claim { key, worker: "other".into() });
}

#[test]
fn a_second_report_changes_nothing() {
    let mut run = Run::started(STEPS);
    let key = run.task("a").key.clone();
    run.complete("a", json!(1));
    nothing(&mut run, crate::scenario::report(completed(key.clone(), json!(2))));
    nothing(&mut run, Input::Claim { key: key.clone(), worker: "w".into() });
    run.finish(|_| json!(1));
    nothing(&mut run, crate::scenario::report(completed(key, json!(2))));
}

#[test]
fn what_names_no_open_task_changes_nothing() {
    let mut run = Run::started(STEPS);
    let key = run.task("a").key.clone();
    let other: protocol::ExecutionId = "01998c4e-9c1b-7d2e-8a10-000000000000".parse().unwrap();
    let variants: Vec<TaskKey> = vec![
        TaskKey { step: "b".into(), ..key.clone() },
        TaskKey { step: "nobody".into(), ..key.clone() },
        TaskKey { visit: 2, ..key.clone() },
        TaskKey { visit: 0, ..key.clone() },
        TaskKey { attempt: 2, ..key.clone() },
        TaskKey { part: TaskPart::Save, ..key.clone() },
        TaskKey { execution_id: other, ..key },
    ];
    for key in variants {
        nothing(&mut run, Input::Claim { key: key.clone(), worker: "w".into() });
        nothing(&mut run, crate::scenario::report(completed(key, json!(1))));
    }
}

#[test]
fn inputs_before_the_start_change_nothing() {
    let started = Run::started(STEPS);
    let key = started.task("a").key.clone();
    let mut run = Run::of(&crate::scenario::workflow(STEPS));
    nothing(&mut run, Input::Claim { key: key.clone(), worker: "w".into() });
    nothing(&mut run, crate::scenario::report(completed(key, json!(1))));
    nothing(&mut run, Input::Tick);
}

#[test]
fn a_tick_changes_nothing() {
    let mut run = Run::started(STEPS);
    nothing(&mut run, Input::Tick);
}

#[test]
fn a_report_nobody_claimed_counts_and_says_so() {
    let mut run = Run::started(STEPS);
    let key = run.task("a").key.clone();
    run.input(crate::scenario::report(completed(key, json!(1))));
    assert_eq!(run.lines()[2..5], ["action_started(a)", "action_completed(a)", "step_completed(a)"]);
}

#[test]
fn events_of_another_execution_are_not_applied() {
    let run = Run::started(STEPS);
    let mut other = engine::Execution::new("01998c4e-9c1b-7d2e-8a10-000000000000".parse().unwrap());
    for (event, time) in &run.log {
        other.apply(event, *time);
    }
    assert_eq!(other.event_count(), 0);
}

#[test]
fn a_report_of_what_was_settled_when_it_was_looked_for_never_counts() {
    let mut run = Run::started(STEPS);
    let key = run.task("a").key.clone();
    let late = |key: &TaskKey| Input::Late { key: key.clone(), outcome: "completed", worker: "w".into() };
    nothing(&mut run, late(&key));
    run.claim("a");
    nothing(&mut run, late(&key));
    run.input(Input::Lost { key: key.clone(), worker: "w".into(), reason: "gone".into() });
    let decision = run.input(late(&key));
    let [Event::ReportLate(told)] = &decision.events[..] else { panic!("{:?}", decision.events) };
    assert_eq!((told.attempt, told.worker.as_str(), told.outcome.as_str()), (1, "w", "completed"));
    nothing(&mut run, late(&key));
    nothing(&mut run, late(&TaskKey { attempt: 2, ..key }));
}
