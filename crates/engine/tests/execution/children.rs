//! Steps of type `playbook`: tasks that are executions of their own.

use crate::scenario::{Run, completed, report, workflow};
use engine::{Input, child_id};
use protocol::{Event, ExecutionId, TaskError, TaskReport, event::ActionStarted, task::TaskOutcome};
use serde_json::json;

const PARENT: &str = "
  - {step: start, next: child}
  - {step: child, type: playbook, path: 'jobs/{{ workload.job }}', version: 3, return_step: score, data: {user: '{{ workload.user }}'}, next: end}
  - {step: end, result: '{{ child.total }}'}
";

fn begun(run: &Run) -> Vec<ActionStarted> {
    let of = |(event, _): &(Event, protocol::Timestamp)| match event {
        Event::ActionStarted(event) => Some(event.clone()),
        _ => None,
    };
    run.log.iter().filter_map(of).collect()
}

fn parent() -> Run {
    let mut run = Run::of(&format!("{}workload: {{job: score, user: {{name: Ann}}}}\n", workflow(PARENT)));
    run.start(json!(null));
    run
}

#[test]
fn the_engine_begins_a_child_in_the_decision_that_makes_its_task() {
    let mut run = parent();
    assert_eq!(run.lines(), ["execution_start", "step_started(child)", "action_started(child)"]);
    let task = run.task("child");
    assert_eq!(task.protocol, "playbook");
    assert_eq!(*task.config, json!({"path": "jobs/score", "version": 3, "return_step": "score"}));
    assert_eq!(*task.input, json!({"user": {"name": "Ann"}}));
    let begun = begun(&run);
    assert_eq!((begun[0].worker.as_str(), begun[0].attempt), ("engine", 1));
    let child = begun[0].child.expect("the child is named");
    assert_eq!(child, child_id(&task.key, run.execution.created_at()));
    assert!(run.execution.is_claimed(&task.key), "no worker takes it");
    assert!(run.claim("child").events.is_empty());
    run.input(report(completed(task.key.clone(), json!({"total": 7}))));
    assert_eq!(run.lines()[3..], ["action_completed(child)", "step_completed(child)", "execution_complete"]);
    assert_eq!(run.result(), json!(7));
}

#[test]
fn no_provider_needs_to_offer_playbooks() {
    assert_eq!(parent().playbook.protocols().count(), 0);
}

#[test]
fn the_loss_of_a_worker_means_nothing_to_a_child() {
    let mut run = parent();
    let key = run.task("child").key.clone();
    assert!(run.input(Input::Lost { key, worker: "engine".into(), reason: "gone".into() }).events.is_empty());
}

#[test]
fn another_attempt_is_another_child_and_begins_when_it_is_due() {
    let mut run = Run::started(
        "\n  - {step: start, type: playbook, path: p, retry: {max_attempts: 2, initial_delay: 10, jitter: false}}\n",
    );
    let first = run.task("start").key.clone();
    let error = TaskError::new("child_failed", "no");
    let outcome = TaskOutcome::Failed { error, result: None };
    run.input(report(TaskReport { key: first, outcome, duration_ms: 1, logs: Default::default() }));
    assert_eq!(run.lines().last().map(String::as_str), Some("retry_scheduled(start)"));
    let second = run.task("start").key.clone();
    let claim = |key| Input::Claim { key, worker: "engine".into() };
    assert!(run.input(claim(second.clone())).events.is_empty(), "not before its time");
    run.now = run.now.plus_ms(10_000);
    run.input(claim(second));
    let children: Vec<Option<ExecutionId>> = begun(&run).into_iter().map(|event| event.child).collect();
    assert_eq!(children.len(), 2);
    assert!(children[1].is_some() && children[0] != children[1]);
}
