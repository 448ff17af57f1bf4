//! What the original got wrong.

use crate::{Case, case, of, scenario};
use protocol::{Event, Outcome, Phase};
use serde_json::json;

pub(crate) fn cases() -> Vec<Case> {
    let noop = |name: &str, next: &str| json!({ "step": name, "type": "noop", "next": next });
    vec![
        case(
            "defect A: a step starts once, however often its start is reported",
            of(
                json!([{ "step": "start", "next": ["a", "b"] }, noop("a", "c"), noop("b", "c"), { "step": "c", "type": "noop" }]),
            ),
            |run| {
                run.start(json!({}));
                let key = run.task("a").key.clone();
                for _ in 0..3 {
                    run.input(engine::Input::Claim { key: key.clone(), worker: "w".into() });
                    run.input(scenario::report(scenario::completed(key.clone(), json!(1))));
                }
                run.complete("b", json!(2));
                let starts = run.lines().iter().filter(|line| *line == "step_started(c)").count();
                assert_eq!(starts, 1);
            },
        ),
        case(
            "defect B: no end while a parallel branch runs",
            of(json!([
                { "step": "start", "next": ["a", "b"] }, noop("a", "end"), noop("b", "more"), noop("more", "end"), { "step": "end", "result": "{{ [a, more] }}" },
            ])),
            |run| {
                run.start(json!({}));
                run.complete("a", json!(1));
                run.complete("b", json!(2));
                assert_eq!(run.execution.phase(), Phase::InProgress);
                run.complete("more", json!(3));
                assert_eq!(run.result(), json!([1, 3]));
                let ends = run.log.iter().filter(|(event, _)| matches!(event, Event::ExecutionComplete(_))).count();
                assert_eq!(ends, 1);
            },
        ),
        case(
            "defect C: an iterator over child playbooks starts them and completes",
            of(json!([
                { "step": "start", "type": "iterator", "collection": [1, 2, 3], "element": "x", "mode": "async", "task": { "type": "playbook", "path": "p" }, "next": "end" },
                { "step": "end", "result": "{{ start }}" },
            ])),
            |run| {
                run.start(json!({}));
                for number in (0..3).rev() {
                    let key = run.tasks[number].key.clone();
                    run.input(scenario::report(scenario::completed(key, json!(number))));
                }
                assert!(run.lines().contains(&"iterator_completed(start)".to_owned()));
                assert_eq!(run.result(), json!([0, 1, 2]));
            },
        ),
        case(
            "defect D: errors of conditions are told; a step is visited again; failure is no substring; a crash loses nothing",
            of(json!([
                { "step": "start", "type": "noop", "next": [{ "step": "start", "when": "result.again" }, { "step": "b", "when": "not result.again" }] },
                { "step": "b", "type": "noop", "next": [{ "step": "end", "when": "b.nope == 1" }] },
                { "step": "end" },
            ])),
            |run| {
                run.start(json!({}));
                run.complete("start", json!({ "again": true, "status": "no errors, not failed" }));
                run.complete("start", json!({ "again": false }));
                // What is folded from the log goes on as what was never away.
                let mut folded = engine::Execution::new(run.execution.id());
                for (event, time) in &run.log {
                    folded.apply(event, *time);
                }
                assert_eq!(folded, run.execution);
                run.complete("b", json!({ "x": 1 }));
                assert_eq!((run.outcome(), run.error().code.as_str()), (Some(Outcome::Failed), "condition_failed"));
            },
        ),
        case(
            "the seed's log of three tables, event for event",
            of(json!([
                { "step": "start", "next": [{ "step": "create_flat_table" }] },
                { "step": "create_flat_table", "type": "postgres", "auth": "pg_k8s", "command": "CREATE TABLE a (x INT)", "next": [{ "step": "create_nested_table" }] },
                { "step": "create_nested_table", "type": "postgres", "auth": "pg_k8s", "command": "CREATE TABLE b (x INT)", "next": [{ "step": "create_summary_table" }] },
                { "step": "create_summary_table", "type": "postgres", "auth": "pg_k8s", "command": "CREATE TABLE c (x INT)", "next": [{ "step": "end" }] },
                { "step": "end", "desc": "done" },
            ])),
            |run| {
                run.start(json!({}));
                run.finish(|_| json!({ "status": "success", "rows": [] }));
                let of_step = |step: &str| {
                    ["step_started", "action_started", "action_completed", "step_completed"]
                        .map(|kind| format!("{kind}({step})"))
                };
                let mut expect = vec!["execution_start".to_owned()];
                expect.extend(
                    ["create_flat_table", "create_nested_table", "create_summary_table"]
                        .iter()
                        .flat_map(|step| of_step(step)),
                );
                expect.push("execution_complete".to_owned());
                assert_eq!((run.lines(), run.lines().len()), (expect, 14));
            },
        ),
    ]
}
