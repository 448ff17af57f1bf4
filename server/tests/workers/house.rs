//! A server that does no work itself, and workers.

use crate::support::{Served, signal, signalbox};
use reqwest::Client;
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at what happens in other processes.
const LOOK: Duration = Duration::from_millis(10);

pub(crate) struct House {
    pub(crate) served: Served,
    pub(crate) folder: TempDir,
    client: Client,
}

/// `signalbox worker`, taken in.
pub(crate) struct Helper {
    pub(crate) child: Child,
    /// As events show it.
    pub(crate) name: String,
}

impl House {
    pub(crate) fn open() -> Self {
        Self::open_with(&["--no-local-providers"])
    }

    pub(crate) fn open_with(args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let args = [&["--data", "data"], args].concat();
        let served = Served::start_with(folder.path(), &args);
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { served, folder, client: client() }
    }

    /// Another server on the same folder and port, when the one before has ended.
    pub(crate) fn open_again(&mut self) {
        self.open_again_with(&["--no-local-providers"]);
    }

    pub(crate) fn open_again_with(&mut self, args: &[&str]) {
        let address = self.served.url.trim_start_matches("http://").to_owned();
        self.served = Served::start_at(self.folder.path(), &address, &[&["--data", "data"], args].concat());
        // Its connections led to the server before.
        self.client = client();
    }

    pub(crate) fn helper(&self, name: &str, args: &[&str]) -> Helper {
        Helper::of(self.folder.path(), &self.served.url, name, args)
    }

    /// What alerts tell, oldest first.
    pub(crate) async fn alerts(&self) -> Vec<Value> {
        let page = self.get("events?topic=system_alerts").await;
        page["events"].as_array().unwrap().iter().map(|event| event["data"].clone()).collect()
    }

    /// A file steps can look for.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn touch(&self, name: &str) {
        fs::write(self.file(name), "").unwrap();
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.client.get(format!("{}/api/v1/{path}", self.served.url)).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        let answer = self.client.post(format!("{}/api/v1/{path}", self.served.url)).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    /// Registers the playbook; the path is the name's.
    pub(crate) async fn register(&self, name: &str, steps: &str) {
        let head = format!("apiVersion: signalbox/v1\nkind: Playbook\nmetadata: {{name: {name}, path: tests/{name}}}");
        let request = self.client.post(format!("{}/api/v1/playbooks", self.served.url));
        let source = format!("{head}\nworkload: {{}}\nworkflow:\n{steps}");
        let answer = request.header("content-type", "application/yaml").body(source).send().await.unwrap();
        assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
    }

    pub(crate) async fn submit(&self, name: &str, input: Value) -> String {
        let submitted = self.post("executions", json!({"path": format!("tests/{name}"), "input": input})).await;
        submitted["execution_id"].as_str().unwrap().to_owned()
    }

    /// The events of an execution so far.
    pub(crate) async fn events(&self, id: &str) -> Vec<Value> {
        let page = self.get(&format!("executions/{id}/events?limit=1000")).await;
        page["events"].as_array().unwrap().clone()
    }

    /// The data of its events of one type.
    pub(crate) async fn told(&self, id: &str, kind: &str) -> Vec<Value> {
        let events = self.events(id).await;
        events.into_iter().filter(|event| event["type"] == kind).map(|event| event["data"].clone()).collect()
    }

    /// Waits for the n-th event of a type.
    pub(crate) async fn event(&self, id: &str, kind: &str, count: usize) -> Value {
        until(|| async { self.told(id, kind).await.into_iter().nth(count - 1) }).await
    }

    /// Waits for its end.
    pub(crate) async fn ended(&self, id: &str) -> Value {
        until(|| async { Some(self.get(&format!("executions/{id}")).await).filter(|e| e["status"] == "completed") })
            .await
    }

    #[track_caller]
    pub(crate) fn expect_result(ended: &Value, result: &Value) {
        assert_eq!((&ended["outcome"], &ended["result"]), (&json!("completed"), result), "{}", ended["error"]);
    }
}

fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

impl Helper {
    pub(crate) fn of(folder: &Path, url: &str, name: &str, args: &[&str]) -> Self {
        let mut child = signalbox(folder)
            .args(["worker", "--server", url, "--name", name, "--data", name, "--log", "warn"])
            .args(args)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let joined = line.trim_end().strip_prefix(&format!("joined {url} as "));
        let name = joined.unwrap_or_else(|| panic!("{line:?}")).to_owned();
        Self { child, name }
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end; the exit code.
    pub(crate) async fn exit(&mut self) -> Option<i32> {
        let child = tokio::sync::Mutex::new(&mut self.child);
        until(|| async { child.lock().await.try_wait().unwrap() }).await.code()
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Looks until there is something.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(look: impl Fn() -> F) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain for {} s", PATIENCE.as_secs());
        tokio::time::sleep(LOOK).await;
    }
}

/// A step `hold` that writes its process id into `started` and ends when the file `go` is there. Both are inputs.
pub(crate) const HOLD: &str = r#"
  - {step: start, next: hold}
  - step: hold
    type: python
    data: {started: "{{ workload.started }}", go: "{{ workload.go }}"}
    code: |
      import os, time
      def main(started, go):
          with open(started + ".part", "w") as file:
              file.write(str(os.getpid()))
          os.rename(started + ".part", started)
          while not os.path.exists(go):
              time.sleep(0.01)
          return {"held": True}
    next: end
  - {step: end, result: "{{ hold.held }}"}
"#;

impl House {
    /// Starts [`HOLD`] and waits until it is under way; the id.
    pub(crate) async fn hold(&self) -> String {
        self.register("hold", HOLD).await;
        let paths = json!({"started": self.file("started"), "go": self.file("go")});
        let id = self.submit("hold", paths).await;
        until(|| async { self.file("started").exists().then_some(()) }).await;
        id
    }
}
