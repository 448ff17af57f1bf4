//! The real server on PostgreSQL.

mod support;

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use store::conformance::postgres::Schema;
use support::{BLOCKING, ECHO, Run, Served};

/// A step that runs until a file is there.
const WAITING: &str = r#"
apiVersion: signalbox/v1
kind: Playbook
metadata: {name: waiting, path: tests/waiting}
workload: {flag: ""}
workflow:
  - {step: start, next: look}
  - step: look
    type: python
    data: {flag: "{{ workload.flag }}"}
    code: |
      import os, time
      def main(flag):
          while not os.path.exists(flag):
              time.sleep(0.02)
          return {"seen": flag}
    next: end
  - {step: end, result: {seen: "{{ look.seen }}"}}
"#;

const PATIENCE: Duration = Duration::from_secs(60);

struct Client(reqwest::Client);

impl Client {
    fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self(reqwest::Client::new())
    }

    async fn register(&self, server: &Served, source: &str) {
        let request = self.0.post(format!("{}/api/v1/playbooks", server.url));
        let answer = request.header("content-type", "application/yaml").body(source.to_owned()).send().await;
        assert!(answer.expect("the server answers").status().is_success());
    }

    async fn submit(&self, server: &Served, path: &str, input: Value) -> String {
        let request = self.0.post(format!("{}/api/v1/executions", server.url));
        let answer = request.json(&json!({"path": path, "input": input})).send().await.expect("the server answers");
        assert_eq!(answer.status(), 201);
        let submitted: Value = answer.json().await.expect("JSON");
        submitted["execution_id"].as_str().expect("an id").to_owned()
    }

    async fn execution(&self, server: &Served, id: &str) -> Value {
        let answer = self.0.get(format!("{}/api/v1/executions/{id}", server.url)).send().await;
        answer.expect("the server answers").json().await.expect("JSON")
    }

    /// What alerts tell, oldest first.
    async fn alerts(&self, server: &Served) -> Vec<Value> {
        let answer = self.0.get(format!("{}/api/v1/events?topic=system_alerts", server.url)).send().await;
        let page: Value = answer.expect("the server answers").json().await.expect("JSON");
        page["events"].as_array().expect("a list").iter().map(|event| event["data"].clone()).collect()
    }

    /// The first alert of a kind, once it is told.
    async fn alert(&self, server: &Served, code: &str) -> Value {
        let asked = Instant::now();
        loop {
            let told = self.alerts(server).await;
            if let Some(alert) = told.iter().find(|alert| alert["details"]["code"] == code) {
                return alert.clone();
            }
            assert!(asked.elapsed() < PATIENCE, "no `{code}` among {told:?}");
        }
    }

    async fn execution_when(&self, server: &Served, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let asked = Instant::now();
        loop {
            let execution = self.execution(server, id).await;
            if wanted(&execution) {
                return execution;
            }
            assert!(asked.elapsed() < PATIENCE, "still {execution}");
        }
    }
}

#[tokio::test]
async fn what_one_server_began_the_next_goes_on_with() {
    let schema = Schema::fresh().await;
    let folder = tempfile::tempdir().expect("a folder");
    let (url, client) = (schema.url(), Client::new());
    let flags = ["--data", "data", "--store", &url];

    let mut server = Served::start_with(folder.path(), &flags);
    client.register(&server, ECHO).await;
    client.register(&server, BLOCKING).await;
    let done = client.submit(&server, "tests/echo", json!({"text": "hello"})).await;
    let ended = client.execution_when(&server, &done, |execution| execution["status"] == "completed").await;
    assert_eq!(ended["outcome"], "completed", "{ended}");
    let open = client.submit(&server, "tests/blocking", json!({})).await;
    client.execution_when(&server, &open, |execution| execution["status"] == "in_progress").await;
    assert!(!folder.path().join("data/signalbox.db").exists(), "nothing is kept beside PostgreSQL");
    server.signal("KILL");
    server.wait();

    let mut server = Served::start_with(folder.path(), &flags);
    assert_eq!(client.execution(&server, &done).await, ended, "as it was left");
    assert_eq!(client.execution(&server, &open).await["status"], "in_progress");
    let cancel = client.0.post(format!("{}/api/v1/executions/{open}/cancel", server.url));
    let cancelled = cancel.json(&json!({})).send().await.expect("the server answers");
    assert!(cancelled.status().is_success(), "{cancelled:?}");
    let ended = client.execution_when(&server, &open, |execution| execution["status"] == "completed").await;
    assert_eq!(ended["outcome"], "cancelled");
    server.signal("TERM");
    assert_eq!(server.wait(), Some(0));

    // Without a server, commands open the store themselves, from any data folder.
    let listed = Run::of(folder.path(), ["list", "--json", "--data", "another", "--store", &url]).expect(0);
    let ids: Vec<Value> = listed.lines().iter().map(|line| line["execution_id"].clone()).collect();
    assert_eq!(ids, [json!(open), json!(done)]);

    // A copy of it makes a store in a file.
    Run::of(folder.path(), ["backup", "copy.ndjson", "--store", &url]).expect(0);
    Run::of(folder.path(), ["restore", "copy.ndjson", "--data", "file"]).expect(0);
    let listed = Run::of(folder.path(), ["list", "--json", "--data", "file"]).expect(0);
    let ids: Vec<Value> = listed.lines().iter().map(|line| line["execution_id"].clone()).collect();
    assert_eq!(ids, [json!(open), json!(done)]);
}

#[tokio::test]
async fn two_servers_share_the_work_and_one_goes_on_when_the_other_is_killed() {
    let schema = Schema::fresh().await;
    let folder = tempfile::tempdir().expect("a folder");
    let (url, client) = (schema.url(), Client::new());
    let mut one = Served::start_with(folder.path(), &["--data", "one", "--store", &url]);
    let mut other = Served::start_with(folder.path(), &["--data", "other", "--store", &url]);
    client.register(&one, ECHO).await;
    client.register(&other, WAITING).await;

    // What one was given, the other shows, at once and to its end.
    let echo = client.submit(&one, "tests/echo", json!({})).await;
    assert_eq!(client.execution(&other, &echo).await["path"], "tests/echo");
    let ended = client.execution_when(&other, &echo, |execution| execution["status"] == "completed").await;
    assert_eq!(ended["outcome"], "completed", "{ended}");

    let flag = folder.path().join("flag");
    let open = client.submit(&one, "tests/waiting", json!({"flag": flag})).await;
    let runs = |execution: &Value| execution["status"] == "in_progress" && execution["step"] == "look";
    client.execution_when(&other, &open, runs).await;
    one.signal("KILL");
    one.wait();
    std::fs::write(&flag, "").expect("the test's folder");
    let ended = client.execution_when(&other, &open, |execution| execution["status"] == "completed").await;
    assert_eq!(ended["result"], json!({"seen": flag}), "{ended}");

    let events = client.0.get(format!("{}/api/v1/executions/{open}/events?limit=100", other.url)).send().await;
    let events: Value = events.expect("the server answers").json().await.expect("JSON");
    let names: Vec<&str> =
        events["events"].as_array().expect("a list").iter().filter_map(|e| e["type"].as_str()).collect();
    for once in ["step_started", "action_completed", "step_completed", "execution_complete"] {
        assert_eq!(names.iter().filter(|name| **name == once).count(), 1, "{names:?}");
    }
    other.signal("TERM");
    assert_eq!(other.wait(), Some(0));
}

#[tokio::test]
async fn a_server_that_stood_still_and_the_one_that_took_over_both_say_so() {
    let schema = Schema::fresh().await;
    let folder = tempfile::tempdir().expect("a folder");
    let (url, client) = (schema.url(), Client::new());
    let one = Served::start_with(folder.path(), &["--data", "one", "--store", &url]);
    let mut other = Served::start_with(folder.path(), &["--data", "other", "--store", &url]);
    client.register(&one, WAITING).await;
    let flag = folder.path().join("flag");
    let open = client.submit(&one, "tests/waiting", json!({"flag": flag})).await;
    let runs = |execution: &Value| execution["status"] == "in_progress" && execution["step"] == "look";
    client.execution_when(&other, &open, runs).await;
    assert_eq!(client.alerts(&other).await, [] as [Value; 0], "nothing is wrong yet");

    // As under a debugger, or while a machine is moved: it lives, and cannot say so.
    one.signal("STOP");
    let taken = client.alert(&other, "taken_over").await;
    assert!(taken["message"].as_str().is_some_and(|said| said.contains("moves 1 executions")), "{taken}");
    assert_eq!((&taken["severity"], &taken["component"]), (&json!("warning"), &json!("membership")));
    one.signal("CONT");
    let ended = client.alert(&other, "lease_ended").await;
    assert_eq!((&ended["severity"], &ended["component"]), (&json!("warning"), &json!("membership")));
    assert_ne!(ended["details"]["about"], taken["details"]["about"], "each speaks of itself");

    // Both know, and the work counts once.
    assert_eq!(client.alerts(&one).await, client.alerts(&other).await);
    std::fs::write(&flag, "").expect("the test's folder");
    let ended = client.execution_when(&one, &open, |execution| execution["status"] == "completed").await;
    assert_eq!(ended["result"], json!({"seen": flag}), "{ended}");
    other.signal("TERM");
    assert_eq!(other.wait(), Some(0));
}

#[tokio::test]
async fn a_database_that_is_not_there_is_said_in_one_line() {
    let port = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("its number").port();
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("postgres://user:secret@127.0.0.1:{port}/x");
    let run = Run::of(folder.path(), ["serve", "--log", "error", "--data", "data", "--store", &url]).expect(1);
    assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
    assert!(run.stderr.contains(&format!("127.0.0.1:{port}")) && !run.stderr.contains("secret"), "{run:?}");
}
