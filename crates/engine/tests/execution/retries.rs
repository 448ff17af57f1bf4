//! An attempt is made again: how often, when, after what.

use crate::scenario::{Run, completed, report, workflow};
use engine::Input;
use protocol::{
    Event, Outcome, TaskError, TaskReport, Timestamp,
    event::RetryScheduled,
    task::{Logs, TaskOutcome},
};
use serde_json::{Value, json};
use std::sync::Arc;

fn retries(run: &Run) -> Vec<RetryScheduled> {
    let of = |(event, _): &(Event, Timestamp)| match event {
        Event::RetryScheduled(event) => Some(event.clone()),
        _ => None,
    };
    run.log.iter().filter_map(of).collect()
}

/// Lets the pause before the open task pass.
fn wait(run: &mut Run) {
    let due = retries(run).last().map_or(run.now, |retry| retry.due);
    run.now = Timestamp(due.0.max(run.now.0));
}

fn fail_with(run: &mut Run, code: &str, message: &str, result: Option<Value>) {
    wait(run);
    run.claim("start");
    let key = run.task("start").key.clone();
    let outcome = TaskOutcome::Failed { error: TaskError::new(code, message), result: result.map(Arc::new) };
    run.input(report(TaskReport { key, outcome, duration_ms: 5, logs: Logs::default() }));
}

fn noop(retry: &str) -> Run {
    Run::started(&format!("\n  - {{step: start, type: noop, retry: {retry}, next: end}}\n  - step: end\n"))
}

#[test]
fn true_is_three_attempts() {
    let mut run = noop("true");
    for attempt in 1..=3 {
        assert_eq!(run.task("start").key.attempt, attempt);
        fail_with(&mut run, "boom", "no", None);
    }
    assert_eq!(run.outcome(), Some(Outcome::Failed));
    let error = run.error();
    assert_eq!((error.code.as_str(), error.attempt), ("boom", Some(3)));
    assert!(error.message.contains("(attempt 3)"), "{}", error.message);
    assert_eq!(
        run.lines(),
        [
            "execution_start",
            "step_started(start)",
            "action_started(start)",
            "action_failed(start)",
            "retry_scheduled(start)",
            "action_started(start)",
            "action_failed(start)",
            "retry_scheduled(start)",
            "action_started(start)",
            "action_failed(start)",
            "step_failed(start)",
            "execution_complete",
        ]
    );
    assert!(retries(&run).iter().all(|retry| retry.reason == "boom"));
}

#[test]
fn a_number_is_that_many_attempts_and_false_none() {
    for (retry, attempts) in [("5", 5), ("1", 1), ("false", 1), ("{max_attempts: 2}", 2)] {
        let mut run = noop(retry);
        let mut made = 0;
        while run.outcome().is_none() {
            fail_with(&mut run, "boom", "no", None);
            made += 1;
        }
        assert_eq!(made, attempts, "{retry}");
    }
}

#[test]
fn a_later_attempt_that_succeeds_is_the_result() {
    let mut run = noop("3");
    fail_with(&mut run, "boom", "no", None);
    wait(&mut run);
    run.complete("start", json!({"n": 1}));
    assert_eq!(run.outcome(), Some(Outcome::Completed));
    assert_eq!(run.result(), json!({"n": 1}));
}

#[test]
fn pauses_grow_up_to_the_longest() {
    let mut run = noop("{max_attempts: 5, initial_delay: 0.5, backoff_multiplier: 3, max_delay: 4, jitter: false}");
    for _ in 0..4 {
        let before = run.tasks.len();
        fail_with(&mut run, "boom", "no", None);
        assert_eq!(run.tasks.len(), before);
        let last = retries(&run).pop().unwrap();
        assert_eq!(last.due, run.now.plus_ms(last.delay_ms), "the pause counts from the decision");
    }
    let delays: Vec<u64> = retries(&run).iter().map(|retry| retry.delay_ms).collect();
    assert_eq!(delays, [500, 1_500, 4_000, 4_000]);
}

#[test]
fn chance_is_the_same_for_the_same_decision_and_differs_between_attempts() {
    let delays = || {
        let mut run = noop("{max_attempts: 9, initial_delay: 100, backoff_multiplier: 1, max_delay: 100}");
        for _ in 0..8 {
            fail_with(&mut run, "boom", "no", None);
        }
        retries(&run).iter().map(|retry| retry.delay_ms).collect::<Vec<_>>()
    };
    let mut once = delays();
    assert_eq!(once, delays());
    assert!(once.iter().all(|delay| (50_000..=100_000).contains(delay)), "{once:?}");
    once.sort_unstable();
    once.dedup();
    assert!(once.len() >= 7, "{once:?}");
}

#[test]
fn nobody_may_take_the_next_attempt_before_its_time() {
    let mut run = noop("{initial_delay: 60, jitter: false}");
    fail_with(&mut run, "boom", "no", None);
    let key = run.task("start").key.clone();
    let early = run.input(Input::Claim { key: key.clone(), worker: "w".into() });
    assert!(early.events.is_empty());
    wait(&mut run);
    let on_time = run.input(Input::Claim { key, worker: "w".into() });
    assert_eq!(on_time.events.len(), 1);
}

#[test]
fn retry_when_says_which_failures_are_tried_again() {
    let conditions = [
        "status_code >= 500",
        "'{{ status_code in [502, 503] }}'",
        "\"'busy' in error\"",
        "\"error and 'busy' in error\"",
        "\"error and error.code == 'http_status' and error.message is endingwith('busy')\"",
        "\"(error | lower) == 'http_status: server busy'\"",
        "not success",
        "error != None and attempt < 3",
        "result.status_code == 503",
        "data.status_code == 503",
    ];
    for condition in conditions {
        let mut run = noop(&format!("{{max_attempts: 4, retry_when: {condition}}}"));
        fail_with(&mut run, "http_status", "server busy", Some(json!({"status_code": 503})));
        assert_eq!(run.task("start").key.attempt, 2, "{condition}");
        wait(&mut run);
        run.complete("start", json!({"status_code": 200}));
        // `error` is `none` now, and nothing is in it.
        let expect = if condition.starts_with("\"'busy'") { Outcome::Failed } else { Outcome::Completed };
        assert_eq!(run.outcome(), Some(expect), "{condition}");
    }
    for condition in ["status_code == 500", "\"'gone' in error\"", "success", "attempt > 1"] {
        let mut run = noop(&format!("{{max_attempts: 4, retry_when: {condition}}}"));
        fail_with(&mut run, "http_status", "server busy", Some(json!({"status_code": 503})));
        assert_eq!(run.outcome(), Some(Outcome::Failed), "{condition}");
    }
}

#[test]
fn a_success_that_is_not_what_was_waited_for_is_tried_again() {
    let mut run = noop("{max_attempts: 3, retry_when: \"{{ result.state != 'done' }}\"}");
    run.complete("start", json!({"state": "running"}));
    assert_eq!(retries(&run)[0].reason, "retry_when");
    wait(&mut run);
    run.complete("start", json!({"state": "done"}));
    assert_eq!(run.result(), json!({"state": "done"}));

    // When the attempts are used up, the last one's end stands.
    let mut run = noop("{max_attempts: 2, retry_when: \"{{ result.state != 'done' }}\"}");
    run.complete("start", json!({"state": "running", "n": 1}));
    wait(&mut run);
    run.complete("start", json!({"state": "running", "n": 2}));
    assert_eq!((run.outcome(), run.result()), (Some(Outcome::Completed), json!({"state": "running", "n": 2})));
}

#[test]
fn stop_when_wins() {
    let mut run = noop("{max_attempts: 9, retry_when: true, stop_when: attempt >= 2}");
    fail_with(&mut run, "boom", "no", None);
    fail_with(&mut run, "boom", "no", None);
    assert_eq!(run.outcome(), Some(Outcome::Failed));
    assert_eq!(retries(&run).len(), 1);

    let mut run = noop("{max_attempts: 9, retry_when: true, stop_when: status_code == 404}");
    fail_with(&mut run, "http_status", "not found", Some(json!({"status_code": 404})));
    assert_eq!(run.outcome(), Some(Outcome::Failed));
}

#[test]
fn a_condition_that_fails_fails_the_step_and_is_named() {
    let mut run = noop("{retry_when: result.state == 'x'}");
    fail_with(&mut run, "boom", "it broke", None);
    let error = run.error();
    assert_eq!(error.code, "condition_failed");
    for part in ["result.state == 'x'", "retry.retry_when", "it broke"] {
        assert!(error.message.contains(part), "{part}: {}", error.message);
    }
    let mut run = noop("{stop_when: nowhere > 1}");
    run.complete("start", json!(1));
    let error = run.error();
    assert!(error.message.contains("`nowhere` is not defined"), "{}", error.message);
}

#[test]
fn what_says_of_itself_that_it_failed_is_tried_again() {
    let mut run = noop("2");
    run.complete("start", json!({"status": "error", "error": "not yet"}));
    assert_eq!(retries(&run)[0].reason, "status_error");
    wait(&mut run);
    run.complete("start", json!({"status": "success"}));
    assert_eq!(run.outcome(), Some(Outcome::Completed));
}

#[test]
fn the_next_attempt_has_the_same_input_and_sees_what_is_known_by_then() {
    let run = Run::started(
        "
  - {step: start, next: [a, b]}
  - {step: a, type: sqlite, command: 'SELECT {{ known.n }}', retry: {initial_delay: 0}, data: {same: '{{ workload.x | default(1) }}'}, next: end}
  - {step: b, type: noop, next: known}
  - {step: known, type: noop, next: end}
  - step: end
",
    );
    // The first rendering failed: nothing is known as `known` yet.
    assert_eq!(run.outcome(), Some(Outcome::Failed));
    let mut run = Run::started(
        "
  - {step: start, next: [a, b]}
  - {step: a, type: sqlite, command: 'SELECT {{ (known | default({})).get(\"n\", 0) }}', retry: {initial_delay: 0, jitter: false}, data: {same: 1}, next: end}
  - {step: b, type: noop, next: known}
  - {step: known, type: noop, next: end}
  - step: end
",
    );
    assert_eq!(*run.task("a").config, json!({"command": "SELECT 0"}));
    run.complete("b", json!(1));
    run.complete("known", json!({"n": 7}));
    run.fail("a", "no");
    assert_eq!(*run.task("a").config, json!({"command": "SELECT 7"}));
    assert_eq!(*run.task("a").input, json!({"same": 1}));
}

#[test]
fn a_step_of_the_workbook_may_say_it_otherwise() {
    let source = |step: &str| {
        workflow(&format!("\n  - {{step: start, type: workbook, name: w{step}}}\n"))
            .replace("workflow:", "workbook: [{name: w, type: noop, retry: 4}]\nworkflow:")
    };
    for (step, attempts) in [("", 4), (", retry: 2", 2), (", retry: false", 1)] {
        let mut run = Run::of(&source(step));
        run.start(json!(null));
        let mut made = 0;
        while run.outcome().is_none() {
            fail_with(&mut run, "boom", "no", None);
            made += 1;
        }
        assert_eq!(made, attempts, "{step}");
    }
}

#[test]
fn a_report_of_an_earlier_attempt_changes_nothing() {
    let mut run = noop("3");
    let first = run.task("start").key.clone();
    fail_with(&mut run, "boom", "no", None);
    let decision = run.input(report(completed(first, json!(1))));
    assert!(decision.events.is_empty());
    assert_eq!(run.task("start").key.attempt, 2);
}
