//! Playbooks with `postgres` steps on a real PostgreSQL, run as the command line runs them.

use crate::support::Run;
use serde_json::{Value, json};
use std::{fs, path::Path};

const TABLES: &str = r#"
apiVersion: noetl.io/v1
kind: Playbook
metadata: {name: make_tables, path: tests/make_tables}
workload: {database: pg_k8s}
workflow:
  - step: start
    desc: Begins
    next:
      - step: make_people
  - step: make_people
    type: postgres
    auth: "{{ workload.database }}"
    command: |
      CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR(100));
    next:
      - step: make_letters
  - step: make_letters
    type: postgres
    auth: "{{ workload.database }}"
    command: |
      CREATE TABLE letters (id SERIAL PRIMARY KEY, body JSONB, weight DECIMAL(10,2), sent TIMESTAMP DEFAULT NOW())
    next:
      - step: make_sums
  - step: make_sums
    type: postgres
    auth: "{{ workload.database }}"
    command: |
      CREATE TABLE sums (id SERIAL PRIMARY KEY, kind TEXT)
    next:
      - step: end
  - step: end
    desc: Ends
"#;

/// One statement on the database of a credential; the execution's result.
fn ask(folder: &Path, credential: &str, sql: &str) -> Value {
    let step = json!({"step": "start", "type": "postgres", "auth": credential, "sql": sql, "next": "end"});
    let playbook = json!({
        "apiVersion": "signalbox/v1",
        "kind": "Playbook",
        "metadata": {"name": "ask", "path": "tests/ask"},
        "workflow": [step, {"step": "end", "result": "{{ start.rows }}"}],
    });
    fs::write(folder.join("ask.yaml"), playbook.to_string()).unwrap();
    let run = Run::of(folder, ["run", "ask.yaml", "--data", "data", "--json"]).expect(0);
    run.lines().pop().unwrap()["result"].clone()
}

#[test]
fn steps_that_make_tables_are_told_as_the_public_engine_tells_them() {
    let server = std::env::var("SIGNALBOX_TEST_POSTGRES_URL")
        .expect("SIGNALBOX_TEST_POSTGRES_URL is not set; `cargo xtask test` sets it");
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut url = reqwest::Url::parse(&server).expect("a URL");
    url.set_password(Some("unasked-for-sesame")).expect("a password fits");
    let set = |name: &str, url: &reqwest::Url| {
        let args = ["credentials", "set", name, "--type", "postgres", "--data", "data"];
        Run::fed(folder, args, url.as_str()).expect(0);
    };
    set("admin", &url);
    let database = format!("cli_{}", uuid::Uuid::now_v7().simple());
    ask(folder, "admin", &format!("CREATE DATABASE {database}"));
    url.set_path(&database);
    set("pg_k8s", &url);

    fs::write(folder.join("tables.yaml"), TABLES).unwrap();
    let run = Run::of(folder, ["run", "tables.yaml", "--data", "data", "--json"]).expect(0);
    let mut lines = run.lines();
    assert_eq!(lines.pop().unwrap()["outcome"], json!("completed"));
    let told: Vec<(&str, &str)> = lines
        .iter()
        .map(|event| (event["type"].as_str().unwrap(), event["data"]["step"].as_str().unwrap_or("make_tables")))
        .collect();
    let mut expected = vec![("execution_start", "make_tables")];
    for step in ["make_people", "make_letters", "make_sums"] {
        expected
            .extend(["step_started", "action_started", "action_completed", "step_completed"].map(|kind| (kind, step)));
    }
    expected.push(("execution_complete", "make_tables"));
    assert_eq!(told, expected, "these, in this order, and no others");

    let sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1";
    let made = ask(folder, "pg_k8s", sql);
    assert_eq!(made, json!([{"table_name": "letters"}, {"table_name": "people"}, {"table_name": "sums"}]));
    ask(folder, "admin", &format!("DROP DATABASE {database}"));
    assert!(!json!(lines).to_string().contains("sesame"));
    for entry in fs::read_dir(folder.join("data")).unwrap() {
        let path = entry.unwrap().path();
        let has = path.is_file() && fs::read(&path).unwrap().windows(6).any(|bytes| bytes == b"sesame");
        assert!(!has, "{}", path.display());
    }
}
