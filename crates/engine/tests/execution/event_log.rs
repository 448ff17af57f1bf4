//! The events of an execution, in order.

use crate::scenario::{Run, workflow};
use protocol::{Event, Phase, event::Progress};
use serde_json::json;

const TABLES: &str = "
  - {step: start, next: [{step: create_flat_table}]}
  - {step: create_flat_table, type: sqlite, command: 'CREATE TABLE a (x)', next: [{step: create_nested_table}]}
  - {step: create_nested_table, type: sqlite, command: 'CREATE TABLE b (x)', next: [{step: create_summary_table}]}
  - {step: create_summary_table, type: sqlite, command: 'CREATE TABLE c (x)', next: [{step: end}]}
  - {step: end, desc: done}
";

#[test]
fn three_steps_in_a_row_give_the_fourteen_events_of_the_seed() {
    let mut run = Run::started(TABLES);
    run.finish(|_| json!(null));
    assert_eq!(
        run.lines(),
        [
            "execution_start",
            "step_started(create_flat_table)",
            "action_started(create_flat_table)",
            "action_completed(create_flat_table)",
            "step_completed(create_flat_table)",
            "step_started(create_nested_table)",
            "action_started(create_nested_table)",
            "action_completed(create_nested_table)",
            "step_completed(create_nested_table)",
            "step_started(create_summary_table)",
            "action_started(create_summary_table)",
            "action_completed(create_summary_table)",
            "step_completed(create_summary_table)",
            "execution_complete",
        ]
    );
}

#[test]
fn each_input_gives_its_part_of_the_log() {
    let mut run = Run::of(&workflow(TABLES));
    let decision = run.start(json!({"x": 1}));
    assert_eq!(decision.events.len(), 2);
    assert_eq!(decision.tasks.len(), 1);
    assert_eq!(run.execution.phase(), Phase::InProgress);
    let key = decision.tasks[0].task.key.clone();
    assert_eq!((key.step.as_str(), key.visit, key.attempt), ("create_flat_table", 1, 1));
    assert_eq!(decision.tasks[0].task.protocol, "sqlite");
    assert_eq!(*decision.tasks[0].task.config, json!({"command": "CREATE TABLE a (x)"}));
    assert_eq!(decision.tasks[0].task.timeout_ms, 300_000);
    assert_eq!(run.claim("create_flat_table").events.len(), 1);
    let decision = run.complete("create_flat_table", json!(1));
    assert_eq!(decision.settled, [key]);
    assert_eq!(run.log.len(), 6, "{:?}", run.lines());
    assert_eq!(run.execution.event_count(), 6);
    assert_eq!(run.execution.last_step(), Some("create_nested_table"));
}

#[test]
fn the_start_tells_path_version_and_merged_workload() {
    let source = workflow("\n  - {step: start, next: end}\n  - step: end\n").replace("path: tests/t", "path: a/b/c");
    let mut run = Run::of(&format!("{source}\nworkload: {{a: 1, deep: {{x: 1, y: 2}}}}\n"));
    run.start(json!({"deep": {"y": 3}, "b": 2}));
    let Event::ExecutionStart(event) = &run.log[0].0 else { panic!("{:?}", run.lines()) };
    assert_eq!((event.path.as_str(), event.node_name.as_str(), event.version), ("a/b/c", "c", 1));
    assert_eq!(*event.workload, json!({"a": 1, "b": 2, "deep": {"x": 1, "y": 3}}));
    assert_eq!(*event.input, json!({"deep": {"y": 3}, "b": 2}));
    assert_eq!((run.execution.path(), run.execution.playbook_version()), ("a/b/c", 1));
    assert_eq!(*run.execution.input(), json!({"deep": {"y": 3}, "b": 2}));
}

#[test]
fn a_playbook_of_control_steps_ends_in_the_first_decision() {
    let run = Run::started("\n  - {step: start, next: a}\n  - {step: a, next: [b, end]}\n  - step: b\n  - step: end\n");
    assert_eq!(run.lines(), ["execution_start", "execution_complete"]);
    assert_eq!(run.arcs(), ["start→a", "a→b", "a→end"]);
    assert_eq!(run.execution.phase(), Phase::Completed);
}

#[test]
fn a_start_alone_is_an_execution() {
    assert_eq!(Run::started("\n  - step: start\n").lines(), ["execution_start", "execution_complete"]);
}

#[test]
fn control_steps_passed_on_the_way_are_in_the_causing_event() {
    let mut run = Run::started(
        "\n  - {step: start, next: a}\n  - {step: a, type: noop, next: r}\n  - {step: r, next: [{step: s, when: 'false'}, {step: b}]}\n  - step: s\n  - {step: b, type: noop}\n",
    );
    let decision = run.complete("a", json!(1));
    let Some(Event::StepCompleted(event)) = decision.events.get(1) else { panic!("{:?}", decision.events) };
    let arcs: Vec<_> = event.arcs.iter().map(|arc| (arc.from.as_str(), arc.to.as_str(), arc.taken)).collect();
    assert_eq!(arcs, [("a", "r", true), ("r", "s", false), ("r", "b", true)]);
}

#[test]
fn an_actionable_start_runs() {
    let mut run = Run::started(
        "\n  - {step: start, type: python, code: x, next: [{step: b, data: {v: '{{ start.data.executed }}'}}]}\n  - {step: b, type: noop}\n",
    );
    assert_eq!(run.open(), ["start"]);
    run.complete("start", json!({"status": "success", "data": {"executed": true}}));
    assert_eq!(run.input_of("b"), json!({"v": true}));
}

#[test]
fn progress_counts_actionable_steps_once() {
    let mut run = Run::started(
        "\n  - {step: start, next: a}\n  - {step: a, type: noop, next: [{step: a, when: 'result.again'}, {step: b, when: 'not result.again'}]}\n  - {step: b, type: noop, next: end}\n  - step: end\n",
    );
    assert_eq!(run.execution.progress(), Progress { completed: 0, known: 2 });
    for (result, completed) in [(json!({"again": true}), 1), (json!({"again": false}), 1)] {
        run.complete("a", result);
        assert_eq!(run.execution.progress(), Progress { completed, known: 2 });
    }
    run.complete("b", json!(1));
    assert_eq!(run.execution.progress(), Progress { completed: 2, known: 2 });
}

#[test]
fn input_that_is_no_map_fails_the_execution() {
    let mut run = Run::of(&workflow("\n  - {step: start, next: end}\n  - step: end\n"));
    run.start(json!([1]));
    assert_eq!(run.error().code, "input_not_a_map");
    assert_eq!(run.lines(), ["execution_start", "execution_complete"]);
}

#[test]
fn times_are_those_of_the_inputs() {
    let mut run = Run::started("\n  - {step: start, type: noop}\n");
    run.complete("start", json!(1));
    let Some((Event::ExecutionComplete(event), at)) = run.log.last() else { panic!() };
    assert_eq!(event.duration_ms, 20);
    assert_eq!(run.execution.ended_at(), Some(*at));
    assert_eq!(run.execution.ended_at().unwrap().ms_since(run.execution.created_at()), 20);
}
