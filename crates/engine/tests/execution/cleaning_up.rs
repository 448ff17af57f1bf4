//! Cancel, where steps have arcs `on: cancelled`.

use crate::scenario::{Run, completed, report, signal, steps};
use engine::{Input, refusal};
use protocol::{Event, Outcome, TaskPart};
use serde_json::json;

fn cancel() -> Input {
    Input::Cancel { reason: "too dear".into(), by: "ann".into() }
}

/// Two branches under way, each with something to undo, and one without.
fn booked() -> Run {
    let mut run = Run::started(&steps(&[
        "step: start, next: [flight, hotel, plain]",
        "step: flight, type: noop, data: {id: f1}, next: [pay, {step: undo_flight, on: cancelled, data: {id: '{{ id }}', why: '{{ error.message }}'}}]",
        "step: hotel, type: noop, next: [pay, {step: undo_hotel, on: cancelled}]",
        "step: plain, type: noop, next: pay",
        "step: pay, type: noop",
        "step: undo_flight, type: noop, next: told",
        "step: undo_hotel, type: noop, next: told",
        "step: told, type: noop",
    ]));
    run.claim("flight");
    run
}

#[test]
fn steps_under_way_clean_up_and_then_it_is_cancelled() {
    let mut run = booked();
    let decision = run.input(cancel());
    assert_eq!(decision.settled.len(), 3);
    assert_eq!(
        run.lines()[5..],
        [
            "execution_cancelled",
            "step_failed(flight)",
            "step_failed(hotel)",
            "step_started(undo_flight)",
            "step_started(undo_hotel)",
        ]
    );
    let why = "the execution was cancelled by ann: too dear";
    assert_eq!(run.input_of("undo_flight"), json!({"id": "f1", "why": why}));
    assert!(run.execution.is_cancelling() && run.outcome().is_none());

    run.complete("undo_flight", json!(1));
    assert_eq!(run.open(), ["undo_hotel"], "the join waits here too");
    run.complete("undo_hotel", json!(1));
    run.complete("told", json!(1));
    assert_eq!((run.outcome(), run.execution.error()), (Some(Outcome::Cancelled), None));
    assert_eq!(run.result(), json!(null));
}

#[test]
fn reports_of_what_was_cancelled_change_nothing() {
    let mut run = booked();
    let key = run.task("flight").key.clone();
    run.input(cancel());
    assert!(run.input(report(completed(key, json!(1)))).events.is_empty());
    assert_eq!(run.open(), ["undo_flight", "undo_hotel"]);
}

#[test]
fn one_branch_that_cannot_clean_up_leaves_the_others_to_theirs() {
    let mut run = booked();
    run.input(cancel());
    run.fail("undo_flight", "no answer");
    assert_eq!(run.open(), ["undo_hotel"]);
    run.complete("undo_hotel", json!(1));
    run.complete("told", json!(1));
    assert_eq!((run.outcome(), run.error().step.as_deref()), (Some(Outcome::Cancelled), Some("undo_flight")));
}

#[test]
fn what_goes_wrong_and_is_handled_while_cleaning_up_is_no_error() {
    let mut run = Run::started(&steps(&[
        "step: start, type: noop, next: [{step: undo, on: cancelled}]",
        "step: undo, type: noop, retry: {max_attempts: 2, initial_delay: 0, jitter: false}, next: [{step: tell, on: failed}]",
        "step: tell, type: noop",
    ]));
    run.input(cancel());
    run.fail("undo", "once");
    run.fail("undo", "twice");
    run.complete("tell", json!(1));
    assert_eq!((run.outcome(), run.execution.error()), (Some(Outcome::Cancelled), None));
}

#[test]
fn waits_and_approvals_and_paused_steps_clean_up_too() {
    let mut run = Run::started(&steps(&[
        "step: start, next: [w, ok, task]",
        "step: w, type: wait, signal: go, next: [{step: end, on: cancelled, when: 'false'}]",
        "step: ok, type: approval, next: [{step: undo, on: cancelled}]",
        "step: task, type: noop, next: [{step: undo, on: cancelled}]",
        "step: undo, type: noop, next: end",
        "step: end",
    ]));
    run.input(Input::Pause { reason: "r".into(), by: "b".into() });
    run.input(cancel());
    assert_eq!((run.open(), run.execution.is_paused()), (vec!["undo".to_owned()], false));
    assert!(run.input(signal("go", json!(1))).events.iter().all(|event| event.step().is_none()), "nobody waits now");
    run.complete("undo", json!(1));
    assert_eq!(run.outcome(), Some(Outcome::Cancelled));
}

#[test]
fn a_condition_that_fails_does_not_keep_it_from_being_cancelled() {
    let mut run = Run::started(&steps(&[
        "step: start, type: noop, next: [{step: undo, on: cancelled, when: nothing.there}]",
        "step: undo, type: noop",
    ]));
    run.input(cancel());
    assert_eq!(run.outcome(), Some(Outcome::Cancelled));
    let told = run.log.iter().find_map(|(event, _)| if let Event::StepFailed(e) = event { Some(e) } else { None });
    assert!(told.is_some_and(|event| event.error.message.contains("nothing")), "{told:?}");
}

#[test]
fn arcs_for_a_cancellation_are_not_taken_otherwise_and_hold_nothing_back() {
    let mut run = Run::started(&steps(&[
        "step: start, next: [slow, fast]",
        "step: slow, type: noop, next: [{step: after, on: cancelled}]",
        "step: fast, type: noop, next: after",
        "step: after, type: noop",
    ]));
    run.complete("fast", json!(1));
    assert_eq!(run.open(), ["slow", "after"], "no join with an arc that only a cancellation takes");
    run.fail("slow", "x");
    assert_eq!(run.outcome(), Some(Outcome::Failed));
    assert!(!run.arcs().contains(&"slow→after".to_owned()));
}

#[test]
fn a_step_may_clean_up_by_running_again() {
    let mut run = Run::started(&steps(&[
        "step: start, next: [a, b]",
        "step: a, type: noop, next: [{step: b, on: cancelled, data: {undo: true}}]",
        "step: b, type: noop, next: [{step: a, on: cancelled, data: {undo: true}}]",
    ]));
    run.input(cancel());
    let mut open = run.open();
    open.sort();
    assert_eq!(open, ["a", "b"]);
    assert!(run.tasks.iter().all(|task| task.key.visit == 2 && task.input["undo"] == json!(true)));
    run.finish(|_| json!(1));
    assert_eq!(run.outcome(), Some(Outcome::Cancelled));
}

#[test]
fn terminate_cleans_up_nothing_and_ends_a_clean_up() {
    let mut run = booked();
    run.input(Input::Terminate { reason: "r".into(), by: "b".into() });
    assert_eq!(run.outcome(), Some(Outcome::Cancelled));

    let mut run = booked();
    run.input(cancel());
    let again = refusal(&run.playbook, &run.execution, &cancel()).map(|error| error.code);
    assert_eq!(again.as_deref(), Some("already_cancelled"));
    assert!(run.input(cancel()).events.is_empty());
    let terminate = Input::Terminate { reason: "r".into(), by: "b".into() };
    assert!(refusal(&run.playbook, &run.execution, &terminate).is_none());
    let decision = run.input(terminate);
    assert!(matches!(&decision.events[0], Event::ExecutionCancelled(e) if e.forced));
    assert_eq!((decision.settled.len(), run.outcome()), (2, Some(Outcome::Cancelled)));
}

#[test]
fn a_clean_up_may_be_paused_and_runs_out_of_time_as_cancelled() {
    let source = crate::scenario::workflow(&steps(&[
        "step: start, type: noop, next: [{step: undo, on: cancelled}]",
        "step: undo, type: noop",
    ]));
    let mut run = Run::of(&source.replace("workflow:", "timeout_s: 60\nworkflow:"));
    run.start(json!(null));
    run.input(cancel());
    run.input(Input::Pause { reason: "r".into(), by: "b".into() });
    assert!(run.open().is_empty());
    run.input(Input::Resume { by: "b".into() });
    assert_eq!((run.open(), run.task("undo").key.part), (vec!["undo".to_owned()], TaskPart::Action));
    run.now = run.now.plus_ms(60_000);
    run.input(Input::Tick);
    assert_eq!((run.outcome(), run.error().code.as_str()), (Some(Outcome::Cancelled), "execution_timeout"));
}

#[test]
fn an_iterator_that_is_cancelled_in_the_middle_cleans_up_once() {
    let mut run = Run::started(&steps(&[
        "step: start, type: iterator, collection: [1, 2, 3], element: n, mode: async, task: {type: noop}, next: [{step: undo, on: cancelled}]",
        "step: undo, type: noop",
    ]));
    run.complete("start", json!(1));
    run.claim("start");
    let decision = run.input(cancel());
    assert_eq!((decision.settled.len(), run.open()), (2, vec!["undo".to_owned()]));
    run.complete("undo", json!(1));
    assert_eq!(run.outcome(), Some(Outcome::Cancelled));
}
