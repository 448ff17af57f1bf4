//! What a step's fields become in its task.

use crate::scenario::Run;
use serde_json::{Value, json};

/// Protocol and config of the task of a step with these fields.
fn task(fields: &str) -> (String, Value) {
    let run = Run::started(&format!(
        "\n  - {{step: start, next: a}}\n  - {{step: a, {fields}}}\nworkload: {{pg: main_db, table: t}}\n"
    ));
    let task = run.task("a");
    (task.protocol.clone(), (*task.config).clone())
}

#[test]
fn fields_are_rendered_into_the_config() {
    for (fields, protocol, config) in [
        (
            "type: postgres, command: 'SELECT * FROM {{ workload.table }}', params: [1]",
            "postgres",
            json!({"command": "SELECT * FROM t", "params": [1]}),
        ),
        // `SELECT '{{ workload.table }}'`, encoded.
        (
            "type: postgres, command_b64: U0VMRUNUICd7eyB3b3JrbG9hZC50YWJsZSB9fSc=",
            "postgres",
            json!({"command": "SELECT 't'"}),
        ),
        ("type: duckdb, commands_b64: U0VMRUNUIDE=", "duckdb", json!({"commands": "SELECT 1"})),
        ("type: snowflake, sql: x, warehouse: w", "snowflake", json!({"sql": "x", "warehouse": "w"})),
        ("type: secrets, provider: env, name: TOKEN", "secrets", json!({"provider": "env", "name": "TOKEN"})),
        ("type: http, url: u, args: {q: '{{ workload.table }}'}", "http", json!({"url": "u", "data": {"q": "t"}})),
        ("type: http, url: u, args: {q: 1}, data: {r: 2}", "http", json!({"url": "u", "data": {"r": 2}})),
        (
            "type: ftp, host: h, mode: passive, path: '/{{ workload.table }}'",
            "ftp",
            json!({"host": "h", "mode": "passive", "path": "/t"}),
        ),
    ] {
        assert_eq!(task(fields), (protocol.to_owned(), config), "{fields}");
    }
}

#[test]
fn credentials_are_names_in_the_config() {
    for (auth, expect) in [
        ("pg", json!("pg")),
        ("'{{ workload.pg }}'", json!("main_db")),
        ("{type: postgres, credential: pg}", json!("pg")),
        ("{source: credential, type: postgres, key: '{{ workload.pg }}'}", json!("main_db")),
        ("{db: pg, files: s3}", json!({"db": "pg", "files": "s3"})),
        (
            "{db: {type: postgres, credential: '{{ workload.pg }}'}, gcs: {source: credential, key: k, scope: gs}}",
            json!({"db": "main_db", "gcs": "k"}),
        ),
    ] {
        let (_, config) = task(&format!("type: postgres, sql: x, auth: {auth}"));
        assert_eq!(config, json!({"sql": "x", "auth": expect}), "{auth}");
    }
    let (_, config) = task("type: ftp, auth: pg");
    assert_eq!(config, json!({"auth": "pg"}), "a type known to nobody here has credentials too");
}

#[test]
fn an_entry_of_the_workbook_can_be_of_any_type() {
    let run = Run::started(
        "\n  - {step: start, type: workbook, name: w}\nworkbook:\n  - {name: w, type: postgres, sql: x, auth: {credential: pg}}\n",
    );
    assert_eq!(*run.task("start").config, json!({"sql": "x", "auth": "pg"}));
    let run = Run::started(
        "\n  - {step: start, type: workbook, name: w}\nworkbook:\n  - {name: w, type: secrets, secret_name: s}\n",
    );
    assert_eq!(*run.task("start").config, json!({"secret_name": "s"}));
}
