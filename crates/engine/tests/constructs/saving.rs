//! `save`.

use crate::{Case, case, of};
use protocol::{Event, TaskPart};
use serde_json::{Value, json};

/// A save after an action that came to `{x: 5}`; its task: protocol, config, data.
fn save(name: &'static str, save: Value, protocol: &'static str, config: Value, data: Value) -> Case {
    case(name, of(json!([{ "step": "start", "type": "noop", "save": save }])), move |run| {
        run.start(json!({}));
        run.complete("start", json!({ "x": 5 }));
        let task = run.task("start");
        assert_eq!((task.key.part, task.protocol.as_str()), (TaskPart::Save, protocol));
        assert_eq!((&*task.config, &*task.input), (&config, &data));
        run.complete("start", json!({ "rows": 1 }));
        assert_eq!(run.result(), json!({ "x": 5 }));
    })
}

pub(crate) fn cases() -> Vec<Case> {
    let x = json!({ "x": 5 });
    let this = json!({ "x": "{{ this.x }}" });
    vec![
        case(
            "save: event_log, into the step's end",
            of(
                json!([{ "step": "start", "type": "noop", "save": { "type": "event_log", "args": { "twice": "{{ this.x * 2 }}" } } }]),
            ),
            |run| {
                run.start(json!({}));
                run.complete("start", json!({ "x": 5 }));
                let saved = run.log.iter().find_map(|(event, _)| match event {
                    Event::StepCompleted(event) => event.saved.as_deref().cloned(),
                    _ => None,
                });
                assert_eq!(saved, Some(json!({ "twice": 10 })));
            },
        ),
        case(
            "save on any step makes it actionable",
            of(
                json!([{ "step": "start", "next": "end" }, { "step": "end", "save": { "storage": "event_log", "data": { "done": true } } }]),
            ),
            |run| {
                run.start(json!({}));
                assert!(run.lines().contains(&"step_completed(end)".to_owned()));
                assert_eq!(run.result(), json!({ "done": true }));
            },
        ),
        save(
            "save: postgres, with auth, table, mode and key",
            json!({ "storage": "postgres", "auth": "pg", "table": "t", "mode": "upsert", "key": "x", "database": "d", "schema": "s", "data": this, "timeout_s": 9, "retry": 2 }),
            "postgres",
            json!({ "auth": "pg", "database": "d", "schema": "s", "save": { "table": "t", "mode": "upsert", "key": "x" } }),
            x.clone(),
        ),
        save(
            "save: sqlite, with a statement",
            json!({ "storage": { "type": "sqlite" }, "statement": "INSERT INTO t VALUES (:x)", "params": this, "file": "f.db" }),
            "sqlite",
            json!({ "file": "f.db", "save": { "statement": "INSERT INTO t VALUES (:x)" } }),
            x.clone(),
        ),
        save(
            "save: sqlite, other words for it",
            json!({ "storage": "sqlite", "sql": "x", "keys": ["a"] }),
            "sqlite",
            json!({ "save": { "sql": "x", "keys": ["a"] } }),
            x.clone(),
        ),
        save(
            "save: sqlite, and others",
            json!({ "storage": "sqlite", "command": "x", "key_cols": "a" }),
            "sqlite",
            json!({ "save": { "command": "x", "key_cols": "a" } }),
            x.clone(),
        ),
        save(
            "save: duckdb",
            json!({ "storage": "duckdb", "table": "t", "mode": "append" }),
            "duckdb",
            json!({ "save": { "table": "t", "mode": "append" } }),
            x.clone(),
        ),
        save(
            "save: snowflake",
            json!({ "storage": "snowflake", "table": "t", "account": "a", "warehouse": "w", "role": "r" }),
            "snowflake",
            json!({ "account": "a", "warehouse": "w", "role": "r", "save": { "table": "t" } }),
            x.clone(),
        ),
        save(
            "save: http",
            json!({ "storage": "http", "endpoint": "http://x", "method": "PUT", "headers": { "a": "b" }, "params": { "q": 1 }, "timeout": 3, "data": this }),
            "http",
            json!({ "endpoint": "http://x", "method": "PUT", "headers": { "a": "b" }, "params": { "q": 1 }, "timeout": 3, "save": {} }),
            x.clone(),
        ),
        save(
            "save: http, by url",
            json!({ "storage": "http", "url": "http://x" }),
            "http",
            json!({ "url": "http://x", "save": {} }),
            x.clone(),
        ),
        save(
            "save: python",
            json!({ "storage": "python", "code": "c" }),
            "python",
            json!({ "code": "c", "save": {} }),
            x.clone(),
        ),
        save(
            "save: python, encoded",
            json!({ "storage": "python", "code_b64": "Yw==" }),
            "python",
            json!({ "code_b64": "Yw==", "save": {} }),
            x.clone(),
        ),
        save(
            "save: python, encoded by another word",
            json!({ "storage": "python", "code_base64": "Yw==" }),
            "python",
            json!({ "code_base64": "Yw==", "save": {} }),
            x,
        ),
        case(
            "type: save, with the same fields",
            of(json!([
                { "step": "start", "next": ["a", "b", "c", "d"] },
                { "step": "a", "type": "save", "storage": "postgres", "auth": "pg", "table": "t", "mode": "upsert", "key": "x", "database": "d", "schema": "s", "data": { "x": 1 } },
                { "step": "b", "type": "save", "storage": "http", "endpoint": "e", "method": "PUT", "headers": {}, "params": {}, "timeout": 1, "data": { "x": 1 } },
                { "step": "c", "type": "save", "storage": "snowflake", "statement": "s", "account": "a", "warehouse": "w", "role": "r", "keys": [], "key_cols": [], "data": { "x": 1 } },
                { "step": "d", "type": "save", "storage": "python", "code": "c", "data": { "x": 1 } },
            ])),
            |run| {
                run.start(json!({}));
                let protocols: Vec<&str> = run.tasks.iter().map(|task| task.protocol.as_str()).collect();
                assert_eq!(protocols, ["postgres", "http", "snowflake", "python"]);
                assert!(
                    run.tasks.iter().all(|task| *task.input == json!({ "x": 1 }) && task.key.part == TaskPart::Save)
                );
            },
        ),
        case(
            "type: save, its other words",
            of(json!([
                { "step": "start", "next": ["a", "b", "c", "d", "e"] },
                { "step": "a", "type": "save", "storage": "sqlite", "command": "x", "file": "f" },
                { "step": "b", "type": "save", "storage": "sqlite", "sql": "x" },
                { "step": "c", "type": "save", "storage": "http", "url": "u" },
                { "step": "d", "type": "save", "storage": "python", "code_b64": "Yw==" },
                { "step": "e", "type": "save", "storage": "python", "code_base64": "Yw==" },
            ])),
            |run| {
                run.start(json!({}));
                assert_eq!(run.tasks.len(), 5);
            },
        ),
    ]
}
