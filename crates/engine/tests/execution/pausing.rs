//! Pause and resume.

use crate::scenario::{Run, completed, report, signal, steps};
use engine::{Input, refusal};
use protocol::{Event, Outcome, TaskKey, TaskReport};
use serde_json::json;

fn pause(run: &mut Run) -> engine::Decision {
    let input = Input::Pause { reason: "lunch".into(), by: "ann".into() };
    assert!(refusal(&run.playbook, &run.execution, &input).is_none());
    run.input(input)
}

fn resume(run: &mut Run) -> engine::Decision {
    let input = Input::Resume { by: "ben".into() };
    assert!(refusal(&run.playbook, &run.execution, &input).is_none());
    run.input(input)
}

/// `a` is claimed, `b` is not.
fn two() -> Run {
    let mut run = Run::started(&steps(&[
        "step: start, next: [a, b]",
        "step: a, type: noop, next: route",
        "step: b, type: noop, next: end",
        "step: route, next: [{step: c, when: a.n == 1, data: {n: '{{ a.n }}'}}, {step: end}]",
        "step: c, type: noop, next: end",
        "step: end, result: '{{ c | default(0) }}'",
    ]));
    run.claim("a");
    run
}

fn key(run: &Run, step: &str) -> TaskKey {
    run.task(step).key.clone()
}

#[test]
fn nothing_new_begins_while_it_is_paused() {
    let mut run = two();
    let b = key(&run, "b");
    let decision = pause(&mut run);
    assert!(matches!(&decision.events[..], [Event::ExecutionPaused(e)] if e.reason == "lunch" && e.by == "ann"));
    assert_eq!((decision.settled, run.open()), (vec![b.clone()], vec!["a".to_owned()]));
    assert!(run.input(Input::Claim { key: b.clone(), worker: "w".into() }).events.is_empty());
    assert!(run.input(report(completed(b, json!(1)))).events.is_empty(), "nobody was to work on it");

    let a = key(&run, "a");
    let decision = run.input(report(completed(a, json!({"n": 1}))));
    assert!(decision.tasks.is_empty());
    assert_eq!(run.lines()[5..], ["action_completed(a)", "step_completed(a)"]);
    assert_eq!(run.arcs(), ["start→a", "start→b", "a→route", "route→c", "route→end"]);
    assert!(run.open().is_empty() && run.outcome().is_none());

    let decision = resume(&mut run);
    assert_eq!(run.open(), ["b", "c"]);
    assert!(matches!(&decision.events[..], [Event::ExecutionResumed(e), Event::StepStarted(_)] if e.by == "ben"));
    assert_eq!(run.input_of("c"), json!({"n": 1}));
    run.finish(|_| json!(7));
    assert_eq!((run.outcome(), run.result()), (Some(Outcome::Completed), json!(7)));
}

#[test]
fn resuming_before_anything_ended_hands_out_what_nobody_had_claimed() {
    let mut run = two();
    pause(&mut run);
    let decision = resume(&mut run);
    assert_eq!(decision.tasks.iter().map(|new| new.task.key.step.as_str()).collect::<Vec<_>>(), ["b"]);
    run.finish(|_| json!({"n": 2}));
    assert_eq!(run.outcome(), Some(Outcome::Completed));
}

#[test]
fn a_retry_waits_for_the_resume_and_for_its_pause() {
    let mut run = Run::started(&steps(&["step: start, type: noop, retry: {initial_delay: 60, jitter: false}"]));
    run.claim("start");
    pause(&mut run);
    let failed = run.task("start").key.clone();
    let outcome = protocol::task::TaskOutcome::Failed { error: protocol::TaskError::new("boom", "no"), result: None };
    let logs = protocol::task::Logs::default();
    let decision = run.input(report(TaskReport { key: failed, outcome, duration_ms: 1, logs }));
    assert!(matches!(&decision.events[..], [Event::ActionFailed(_), Event::RetryScheduled(_)]));
    assert!(decision.tasks.is_empty() && run.tasks.is_empty());
    let due = run.now.plus_ms(60_000);
    let decision = resume(&mut run);
    assert_eq!((decision.tasks.len(), decision.tasks[0].due, decision.tasks[0].task.key.attempt), (1, due, 2));
}

#[test]
fn a_lost_worker_is_replaced_after_the_resume() {
    let mut run = two();
    pause(&mut run);
    let a = key(&run, "a");
    let decision = run.input(Input::Lost { key: a.clone(), worker: "w".into(), reason: "gone".into() });
    assert_eq!((decision.tasks.len(), decision.settled), (0, vec![a]));
    resume(&mut run);
    assert_eq!(key(&run, "a").attempt, 2);
}

#[test]
fn waits_end_and_people_answer_while_it_is_paused_and_what_follows_waits() {
    let mut run = Run::started(&steps(&[
        "step: start, next: [w, ok]",
        "step: w, type: wait, seconds: 5, next: a",
        "step: ok, type: approval, next: b",
        "step: a, type: noop",
        "step: b, type: noop",
    ]));
    pause(&mut run);
    run.now = run.now.plus_ms(5_000);
    run.input(Input::Tick);
    run.input(signal("ok", json!(true)));
    let lines = run.lines();
    assert!(["step_completed(w)", "step_completed(ok)"].iter().all(|line| lines.contains(&(*line).to_owned())));
    assert!(run.open().is_empty());
    resume(&mut run);
    assert_eq!(run.open(), ["a", "b"]);
}

#[test]
fn joins_wait_for_what_a_pause_holds_back() {
    let mut run = Run::started(&steps(&[
        "step: start, next: [a, b]",
        "step: a, type: noop, next: c",
        "step: b, type: noop, next: join",
        "step: c, type: noop, next: join",
        "step: join, type: noop",
    ]));
    run.claim("a");
    run.claim("b");
    pause(&mut run);
    for step in ["a", "b"] {
        let key = key(&run, step);
        run.input(report(completed(key, json!(1))));
    }
    resume(&mut run);
    assert_eq!(run.open(), ["c"], "the join waits for c");
    run.complete("c", json!(1));
    assert_eq!(run.open(), ["join"]);
}

#[test]
fn every_arrival_at_a_join_any_runs_after_the_resume() {
    let mut run = Run::started(&steps(&[
        "step: start, next: [a, b]",
        "step: a, type: noop, next: [{step: each, data: {from: a}}]",
        "step: b, type: noop, next: [{step: each, data: {from: b}}]",
        "step: each, join: any, type: noop",
    ]));
    run.claim("a");
    run.claim("b");
    pause(&mut run);
    for step in ["a", "b"] {
        let key = key(&run, step);
        run.input(report(completed(key, json!(1))));
    }
    resume(&mut run);
    let inputs: Vec<_> = run.tasks.iter().map(|task| task.input["from"].clone()).collect();
    assert_eq!(inputs, ["a", "b"]);
}

#[test]
fn it_ends_while_paused_when_nothing_is_left_or_a_step_fails() {
    let mut run = Run::started(&steps(&["step: start, type: noop, next: end", "step: end"]));
    run.claim("start");
    pause(&mut run);
    let start = key(&run, "start");
    run.input(report(completed(start, json!(1))));
    assert_eq!((run.outcome(), run.execution.is_paused()), (Some(Outcome::Completed), false));

    let mut run = two();
    pause(&mut run);
    let a = key(&run, "a");
    run.input(report(completed(a, json!({"status": "error", "error": "no"}))));
    assert_eq!(run.outcome(), Some(Outcome::Failed));
}

#[test]
fn a_paused_execution_can_be_cancelled() {
    let mut run = two();
    pause(&mut run);
    let decision = run.input(Input::Cancel { reason: "r".into(), by: "b".into() });
    assert_eq!((decision.settled.len(), run.outcome()), (1, Some(Outcome::Cancelled)));
}

#[test]
fn pausing_twice_and_resuming_what_runs_is_refused() {
    let mut run = two();
    let (pause_again, resume_again) =
        (Input::Pause { reason: "r".into(), by: "b".into() }, Input::Resume { by: "b".into() });
    let code = |run: &Run, input: &Input| refusal(&run.playbook, &run.execution, input).map(|error| error.code);
    assert_eq!(code(&run, &resume_again).as_deref(), Some("not_paused"));
    assert!(run.input(resume_again).events.is_empty());
    pause(&mut run);
    assert_eq!(code(&run, &pause_again).as_deref(), Some("already_paused"));
    assert!(run.input(pause_again.clone()).events.is_empty());
    let before = Run::of(&crate::scenario::workflow("\n  - {step: start}\n"));
    assert_eq!(code(&before, &pause_again).as_deref(), Some("not_started"));
}

#[test]
fn what_cannot_be_handed_out_any_more_fails_and_the_rest_goes_on() {
    let mut run = Run::started(&steps(&[
        "step: start, next: [{step: x, data: {n: 1}}, {step: x, data: {n: 2}}]",
        "step: x, join: any, type: noop, next: [a, b, {step: end, on: failed}]",
        "step: a, join: any, type: playbook, path: '{{ x.path }}', retry: {initial_delay: 0}, next: [{step: route, on: failed}]",
        "step: b, join: any, type: playbook, path: tests/b, retry: {initial_delay: 0}",
        "step: route, next: c",
        "step: c, type: noop",
        "step: end",
    ]));
    run.claim("x");
    let second = run.tasks.iter().find(|task| task.key.visit == 2).unwrap().key.clone();
    run.input(Input::Claim { key: second.clone(), worker: "w".into() });
    let first = run.task("x").key.clone();
    run.input(report(completed(first, json!({"path": "tests/a"}))));
    pause(&mut run);
    let failed = |key: TaskKey| {
        let error = protocol::TaskError::new("boom", "no");
        let outcome = protocol::task::TaskOutcome::Failed { error, result: None };
        report(TaskReport { key, outcome, duration_ms: 1, logs: protocol::task::Logs::default() })
    };
    for step in ["a", "b"] {
        let key = key(&run, step);
        run.input(failed(key));
    }
    // What `a` was rendered from is gone.
    run.input(failed(second));
    resume(&mut run);
    assert!(run.lines().contains(&"step_failed(a)".to_owned()));
    let mut open = run.open();
    open.sort();
    assert_eq!(open, ["b", "c"]);
}
