//! A worker is lost with the task it had claimed.

use crate::scenario::{Run, completed, report};
use engine::Input;
use protocol::{Event, Outcome, TaskKey};
use serde_json::json;

fn lost(key: &TaskKey) -> Input {
    Input::Lost { key: key.clone(), worker: "w".into(), reason: "its connection broke".into() }
}

fn run(retry: &str) -> Run {
    Run::started(&format!("\n  - {{step: start, type: noop{retry}, next: end}}\n  - step: end\n"))
}

#[test]
fn the_work_is_handed_out_again_at_once() {
    let mut run = run("");
    run.claim("start");
    let key = run.task("start").key.clone();
    let decision = run.input(lost(&key));
    assert_eq!(decision.settled, [key]);
    assert!(
        matches!(&decision.events[..], [Event::RetryScheduled(e)] if e.attempt == 2 && e.reason == "worker_lost" && e.delay_ms == 0)
    );
    assert_eq!((decision.tasks.len(), decision.tasks[0].due), (1, run.now));
    run.complete("start", json!(5));
    assert_eq!((run.outcome(), run.result()), (Some(Outcome::Completed), json!(5)));
}

#[test]
fn late_report_is_recorded_once_and_not_applied() {
    let mut run = run("");
    run.claim("start");
    let key = run.task("start").key.clone();
    run.input(lost(&key));
    let late = run.input(report(completed(key.clone(), json!("late"))));
    assert!(
        matches!(&late.events[..], [Event::ReportLate(e)] if e.attempt == 1 && e.worker == "w" && e.outcome == "completed")
    );
    assert!(late.tasks.is_empty() && late.settled.is_empty());
    let again = run.input(report(completed(key, json!("late"))));
    assert!(again.events.is_empty(), "told once");
    assert_eq!(run.task("start").key.attempt, 2);
    run.complete("start", json!("right"));
    assert_eq!(run.result(), json!("right"));
}

#[test]
fn a_report_that_comes_after_the_step_has_ended_is_recorded_too() {
    let mut run = Run::started("\n  - {step: start, type: noop, next: b}\n  - {step: b, type: noop}\n");
    run.claim("start");
    let key = run.task("start").key.clone();
    run.input(lost(&key));
    run.complete("start", json!(1));
    let late = run.input(report(completed(key, json!(2))));
    assert!(matches!(&late.events[..], [Event::ReportLate(_)]));
}

#[test]
fn attempts_that_were_lost_do_not_count() {
    let mut run = run(", retry: {max_attempts: 2, initial_delay: 0, jitter: false, stop_when: attempt > 2}");
    for _ in 0..3 {
        run.claim("start");
        let key = run.task("start").key.clone();
        run.input(lost(&key));
    }
    run.fail("start", "first that counts");
    assert_eq!(run.task("start").key.attempt, 5);
    run.fail("start", "second that counts");
    assert_eq!((run.outcome(), run.error().code.as_str()), (Some(Outcome::Failed), "boom"));
}

#[test]
fn work_that_loses_five_workers_is_dead() {
    let mut run = run(", retry: 100");
    for attempt in 1..=5 {
        assert_eq!(run.task("start").key.attempt, attempt);
        run.claim("start");
        let key = run.task("start").key.clone();
        run.input(lost(&key));
    }
    let error = run.error();
    assert_eq!((error.code.as_str(), error.attempt), ("worker_lost", Some(5)));
    assert!(error.message.contains("its connection broke"), "{}", error.message);
}

#[test]
fn dead_work_takes_the_arcs_for_failure() {
    let mut run = Run::started(
        "\n  - {step: start, type: noop, next: [{step: repair, on: failed, data: {why: '{{ error.code }}'}}]}\n  - {step: repair, type: noop}\n",
    );
    let mut first = None;
    for _ in 0..5 {
        run.claim("start");
        let key = run.task("start").key.clone();
        run.input(lost(&key));
        first.get_or_insert(key);
    }
    assert_eq!(run.input_of("repair"), json!({"why": "worker_lost"}));
    let late = run.input(report(completed(first.unwrap(), json!(1))));
    assert!(matches!(&late.events[..], [Event::ReportLate(_)]));
}

#[test]
fn what_nobody_works_on_cannot_be_lost() {
    let mut run = run("");
    let key = run.task("start").key.clone();
    assert!(run.input(lost(&key)).events.is_empty(), "nobody has claimed it");
    run.claim("start");
    run.input(lost(&key));
    assert!(run.input(lost(&key)).events.is_empty(), "it is lost already");
    run.complete("start", json!(1));
    assert!(run.input(lost(&TaskKey { attempt: 2, ..key })).events.is_empty(), "it has ended");
}
