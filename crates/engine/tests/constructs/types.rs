//! What the types of steps ask of whoever runs them.

use crate::{Case, case, of, with};
use serde_json::{Value, json};

/// Steps side by side, each with what its task must be: protocol, config.
fn tasks(name: &'static str, steps: Vec<(Value, &'static str, Value)>) -> Case {
    let names: Vec<String> = (0..steps.len()).map(|number| format!("s{number}")).collect();
    let mut workflow = vec![json!({ "step": "start", "next": names })];
    let mut expected = Vec::new();
    for (name, (mut step, protocol, config)) in names.iter().zip(steps) {
        step["step"] = json!(name);
        workflow.push(step);
        expected.push((name.clone(), protocol, config));
    }
    let playbook = with(json!({ "workload": { "t": "rows", "pg": "main" } }), json!(workflow));
    case(name, playbook, move |run| {
        run.start(json!({}));
        for (name, protocol, config) in &expected {
            let task = run.task(name);
            assert_eq!((task.protocol.as_str(), &*task.config), (*protocol, config), "{name}");
        }
    })
}

/// The ways to write SQL, for each type that takes it.
fn sql(name: &'static str, word: &'static str, encoded: bool, more: &[(&str, Value)]) -> Case {
    let of = |field: &str, value: Value| (json!({ "type": word, field: value.clone() }), word, json!({ field: value }));
    let mut steps = vec![
        of("command", json!("SELECT 1")),
        of("commands", json!(["SELECT 1", "SELECT 2"])),
        of("sql", json!("SELECT 1")),
        (
            json!({ "type": word, "sql": "SELECT * FROM {{ workload.t }}", "params": ["{{ 1 + 1 }}"] }),
            word,
            json!({ "sql": "SELECT * FROM rows", "params": [2] }),
        ),
    ];
    if encoded {
        // `SELECT 1`
        steps.push((json!({ "type": word, "command_b64": "U0VMRUNUIDE=" }), word, json!({ "command": "SELECT 1" })));
        steps.push((json!({ "type": word, "commands_b64": "U0VMRUNUIDE=" }), word, json!({ "commands": "SELECT 1" })));
    }
    for (field, value) in more {
        let (field, value) = ((*field).to_owned(), value.clone());
        let mut step = json!({ "type": word, "sql": "x" });
        step[&field] = value.clone();
        let mut config = json!({ "sql": "x" });
        config[&field] = value;
        steps.push((step, word, config));
    }
    tasks(name, steps)
}

pub(crate) fn cases() -> Vec<Case> {
    let (auth, database, map) = (("auth", json!("db")), ("database", json!("d")), ("parameters", json!({ "a": 1 })));
    vec![
        tasks(
            "python: code, encoded or not; never a template",
            vec![
                (
                    json!({ "type": "python", "code": "{{ x }}", "auth": "a" }),
                    "python",
                    json!({ "auth": "a", "code": "{{ x }}" }),
                ),
                (json!({ "type": "python", "code_b64": "eA==" }), "python", json!({ "code_b64": "eA==" })),
                (json!({ "type": "python", "code_base64": "eA==" }), "python", json!({ "code_base64": "eA==" })),
            ],
        ),
        tasks(
            "http: method, endpoint or url, headers, params, payload, body or data, timeout, auth",
            vec![
                (
                    json!({ "type": "http", "endpoint": "http://x/{{ workload.t }}", "method": "POST", "headers": { "a": "b" }, "payload": { "p": 1 }, "timeout": 5, "auth": "t" }),
                    "http",
                    json!({ "auth": "t", "endpoint": "http://x/rows", "method": "POST", "headers": { "a": "b" }, "payload": { "p": 1 }, "timeout": 5 }),
                ),
                (
                    json!({ "type": "http", "url": "u", "params": { "q": 1 }, "body": "b" }),
                    "http",
                    json!({ "url": "u", "params": { "q": 1 }, "body": "b" }),
                ),
                (
                    json!({ "type": "http", "url": "u", "data": { "q": 1 } }),
                    "http",
                    json!({ "url": "u", "data": { "q": 1 } }),
                ),
            ],
        ),
        sql(
            "sqlite: command, commands, sql, params, database or file",
            "sqlite",
            false,
            &[database.clone(), ("file", json!("f")), map.clone()],
        ),
        sql(
            "postgres: with a credential",
            "postgres",
            true,
            &[auth.clone(), database.clone(), map.clone(), ("schema", json!("s"))],
        ),
        sql(
            "duckdb: waits for a provider",
            "duckdb",
            true,
            &[auth.clone(), database.clone(), map.clone(), ("file", json!("f"))],
        ),
        sql(
            "snowflake: waits for a provider",
            "snowflake",
            true,
            &[
                auth,
                database,
                map,
                ("schema", json!("s")),
                ("account", json!("a")),
                ("warehouse", json!("w")),
                ("role", json!("r")),
            ],
        ),
        tasks(
            "auth: a name, a template, a map of aliases, the public forms",
            [
                (json!("pg"), json!("pg")),
                (json!("{{ workload.pg }}"), json!("main")),
                (json!({ "a": "x", "b": "y" }), json!({ "a": "x", "b": "y" })),
                (json!({ "pg": { "type": "postgres", "credential": "c" } }), json!({ "pg": "c" })),
            ]
            .into_iter()
            .map(|(auth, told)| {
                (
                    json!({ "type": "postgres", "sql": "x", "auth": auth }),
                    "postgres",
                    json!({ "auth": told, "sql": "x" }),
                )
            })
            .collect(),
        ),
        tasks(
            "secrets: name, names, key, keys, secret_name; provider and the rest",
            vec![
                (
                    json!({ "type": "secrets", "name": "A", "provider": "env", "auth": "x", "project_id": "p", "version": "1", "default": "d" }),
                    "secrets",
                    json!({ "auth": "x", "name": "A", "provider": "env", "project_id": "p", "version": "1", "default": "d" }),
                ),
                (json!({ "type": "secrets", "names": ["A", "B"] }), "secrets", json!({ "names": ["A", "B"] })),
                (json!({ "type": "secrets", "key": "A" }), "secrets", json!({ "key": "A" })),
                (json!({ "type": "secrets", "keys": ["A"] }), "secrets", json!({ "keys": ["A"] })),
                (json!({ "type": "secrets", "secret_name": "A" }), "secrets", json!({ "secret_name": "A" })),
            ],
        ),
        tasks(
            "an unknown type has the fields it has, and waits",
            vec![(
                json!({ "type": "market_feed", "symbol": "{{ workload.t }}", "auth": "k" }),
                "market_feed",
                json!({ "auth": "k", "symbol": "rows" }),
            )],
        ),
        case(
            "noop, and the words for a step's own data",
            of(
                json!([{ "step": "start", "type": "noop", "with": { "a": 1, "b": 1 }, "input": { "b": 2 }, "args": { "c": 3 }, "data": { "c": 4 }, "timeout_s": 5, "heartbeat_s": 2 }]),
            ),
            |run| {
                run.start(json!({}));
                let task = run.task("start");
                assert_eq!(*task.input, json!({ "a": 1, "b": 2, "c": 4 }));
                assert_eq!((task.timeout_ms, task.heartbeat_ms), (5_000, Some(2_000)));
            },
        ),
        case(
            "playbook: path, version, data, return_step; the engine starts the child",
            of(
                json!([{ "step": "start", "type": "playbook", "path": "a/b", "version": 2, "return_step": "x", "data": { "n": 1 } }]),
            ),
            |run| {
                run.start(json!({}));
                let task = run.task("start");
                assert_eq!(*task.config, json!({ "path": "a/b", "version": 2, "return_step": "x" }));
                assert!(run.execution.is_claimed(&task.key));
                run.complete("start", json!({ "n": 2 }));
                assert_eq!(run.result(), json!({ "n": 2 }));
            },
        ),
        case(
            "assert: expects of the input, returns of the result",
            of(
                json!([{ "step": "start", "type": "noop", "data": { "a": 1 }, "assert": { "expects": ["a"], "returns": ["b"] } }]),
            ),
            |run| {
                run.start(json!({}));
                run.complete("start", json!({ "c": 1 }));
                assert_eq!(run.error().code, "assert_returns");
            },
        ),
        case(
            "control steps: no type, start, end, route, router",
            of(json!([
                { "step": "start", "type": "start", "next": "a" },
                { "step": "a", "type": "route", "next": "b" },
                { "step": "b", "type": "router", "next": "c" },
                { "step": "c", "next": "end" },
                { "step": "end", "type": "end", "result": { "done": true } },
            ])),
            |run| {
                run.start(json!({}));
                assert_eq!(run.lines(), ["execution_start", "execution_complete"]);
                assert_eq!(run.result(), json!({ "done": true }));
            },
        ),
    ]
}
