//! Playbooks with `postgres` steps on a real PostgreSQL, run as the command line runs them.

use crate::{
    credentials::files_with,
    support::{Run, signalbox},
};
use serde_json::{Value, json};
use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    thread,
};

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

/// Rows saved to each storage, a secret among them where it belongs.
const SAVES: &str = r#"
apiVersion: signalbox/v1
kind: Playbook
metadata: {name: saves, path: tests/saves}
workload: {url: ""}
workflow:
  - {step: start, next: secret}
  - {step: secret, type: secrets, name: PIN, next: tables}
  - step: tables
    type: postgres
    auth: pg_k8s
    commands:
      - CREATE TABLE totals (id INTEGER PRIMARY KEY, total NUMERIC, pin TEXT)
      - INSERT INTO totals VALUES (1, 0.5, 'old')
    next: work_out
  - step: work_out
    type: python
    args: {pin: "{{ secret.value }}"}
    code: |
      def main(pin):
          return [{"id": 1, "total": 20.5, "pin": pin}, {"id": 2, "total": 7, "pin": None}]
    save: {storage: postgres, auth: pg_k8s, table: public.totals, mode: upsert, key: id}
    next: keep
  - step: keep
    type: sqlite
    database: totals.db
    sql: CREATE TABLE IF NOT EXISTS totals (id INTEGER PRIMARY KEY, total REAL, pin TEXT)
    save: {storage: sqlite, database: totals.db, table: totals, data: "{{ work_out }}"}
    next: send
  - step: send
    type: save
    storage: http
    auth: hook
    endpoint: "{{ workload.url }}"
    data: {count: "{{ work_out | length }}", pin: "{{ secret.value }}"}
    next: count
  - step: count
    type: save
    storage: python
    code: |
      def main(data):
          return {"kept": len(data)}
    data: "{{ work_out }}"
    next: end
  - {step: end, result: {posted: "{{ send.data }}", kept: "{{ count.kept }}", rows: "{{ work_out }}"}}
"#;

/// Answers one request with its body and its authorization; the thread returns the whole request.
fn hook() -> (String, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let thread = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut seen = Vec::new();
        let mut chunk = [0; 4096];
        while !String::from_utf8_lossy(&seen).ends_with("}") {
            let n = stream.read(&mut chunk).unwrap();
            assert!(n > 0, "cut off at {}", String::from_utf8_lossy(&seen));
            seen.extend_from_slice(&chunk[..n]);
        }
        let text = String::from_utf8(seen).unwrap();
        let answer = text.split("\r\n\r\n").nth(1).unwrap();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
        write!(stream, "{head}content-length: {}\r\n\r\n{answer}", answer.len()).unwrap();
        text
    });
    (url, thread)
}

#[test]
fn rows_are_saved_to_every_storage_and_no_secret_is_kept_here() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let database = Database::make(folder);
    let token = ["credentials", "set", "hook", "--type", "bearer", "--data", "data"];
    Run::fed(folder, token, "hook-sesame").expect(0);
    fs::write(folder.join("saves.yaml"), SAVES).unwrap();
    let (url, server) = hook();
    let mut command = signalbox(folder);
    command
        .args(["run", "saves.yaml", "--data", "data", "--json", "--input", &json!({"url": url}).to_string()])
        .env("SIGNALBOX_HTTP_ALLOW", "127.0.0.1")
        .env("SIGNALBOX_SECRET_PIN", "pin-sesame");
    let run = Run::from(command.output().unwrap()).expect(0);
    let request = server.join().unwrap();
    assert!(request.starts_with("POST /hook ") && request.contains("authorization: Bearer hook-sesame"), "{request}");
    assert!(request.contains("pin-sesame"), "{request}");

    let rows = ask(folder, "pg_k8s", "SELECT id, total::text AS total, length(pin) AS pin FROM totals ORDER BY id");
    let length = "pin-sesame".len();
    let expected = json!([{"id": 1, "total": "20.5", "pin": length}, {"id": 2, "total": "7", "pin": null}]);
    assert_eq!(rows, expected, "the database has the secret itself");
    let lines = run.lines();
    let result = &lines.last().unwrap()["result"];
    let handle = &result["rows"][0]["pin"];
    assert!(handle.as_str().unwrap().starts_with("signalbox-secret.PIN."), "{result}");
    assert_eq!((&result["posted"]["pin"], &result["posted"]["count"]), (handle, &json!(2)));
    assert_eq!(result["kept"], 2);
    let saves = lines.iter().filter(|event| event["type"] == "action_completed" && event["data"]["part"] == "save");
    assert_eq!(saves.count(), 4, "{lines:#?}");

    // The step's own database is where the secret was sent; nothing else of the folder has it.
    let own = folder.join("data/files/totals.db");
    assert!(fs::read(&own).unwrap().windows(6).any(|bytes| bytes == b"sesame"));
    fs::remove_dir_all(folder.join("data/files")).unwrap();
    assert_eq!(files_with(folder, "sesame"), [] as [String; 0]);
    assert!(!format!("{run:?}").contains("sesame"));
    database.drop(folder);
}

/// A database of a test's own, with the credentials `admin` and `pg_k8s`.
struct Database(String);

impl Database {
    fn make(folder: &Path) -> Self {
        let server = std::env::var("SIGNALBOX_TEST_POSTGRES_URL")
            .expect("SIGNALBOX_TEST_POSTGRES_URL is not set; `cargo xtask test` sets it");
        let mut url = reqwest::Url::parse(&server).expect("a URL");
        url.set_password(Some("unasked-for-sesame")).expect("a password fits");
        let set = |name: &str, url: &reqwest::Url| {
            let args = ["credentials", "set", name, "--type", "postgres", "--data", "data"];
            Run::fed(folder, args, url.as_str()).expect(0);
        };
        set("admin", &url);
        let name = format!("cli_{}", uuid::Uuid::now_v7().simple());
        ask(folder, "admin", &format!("CREATE DATABASE {name}"));
        url.set_path(&name);
        set("pg_k8s", &url);
        Self(name)
    }

    fn drop(self, folder: &Path) {
        ask(folder, "admin", &format!("DROP DATABASE {}", self.0));
    }
}

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
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let database = Database::make(folder);
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
    database.drop(folder);
    assert!(!json!(lines).to_string().contains("sesame"));
    assert_eq!(files_with(folder, "sesame"), [] as [String; 0]);
}
