//! Everything at once: two servers on one PostgreSQL and two workers are killed again and again, the database is
//! restarted and crashed, and every execution ends as it would have in peace. Nothing happens twice.
//!
//! By default a small story; `SIGNALBOX_FULL=1` runs the whole: 1,000 executions.

#[path = "support/mod.rs"]
mod support;

use protocol::{Event, Outcome, Phase, Position, Topic};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::File,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};
use store::{ExecutionFilter, Store, conformance::cluster::Cluster, postgres::PostgresStore};
use support::Dice;

/// From the last blow until all is done. Longer means that something is stuck.
const PEACE: Duration = Duration::from_secs(300);

/// What is run; each takes `n` and says what it came to.
const PLAYBOOKS: [&str; 5] = [
    r#"
apiVersion: signalbox/v1
kind: Playbook
metadata: {name: chain, path: chaos/chain}
workload: {n: 0}
workflow:
  - {step: start, next: a}
  - {step: a, type: noop, data: {n: "{{ workload.n }}"}, next: b}
  - step: b
    type: python
    data: {n: "{{ a.n }}"}
    code: |
      def main(n):
          return {"n": n + 1}
    next: c
  - {step: c, type: noop, data: {n: "{{ b.n }}"}, next: end}
  - {step: end, result: {n: "{{ c.n }}"}}
"#,
    r#"
apiVersion: signalbox/v1
kind: Playbook
metadata: {name: each, path: chaos/each}
workload: {n: 0}
workflow:
  - {step: start, next: each}
  - step: each
    type: iterator
    mode: async
    concurrency: 3
    collection: "{{ range(workload.n % 7 + 2) }}"
    element: i
    task: {type: noop, data: {v: "{{ i }}"}}
    next: end
  - {step: end, result: {n: "{{ each.data | map(attribute='v') | sum }}"}}
"#,
    r#"
apiVersion: signalbox/v1
kind: Playbook
metadata: {name: parent, path: chaos/parent}
workload: {n: 0}
workflow:
  - {step: start, next: child}
  - {step: child, type: playbook, path: chaos/chain, data: {n: "{{ workload.n }}"}, next: end}
  - {step: end, result: {n: "{{ child.n }}"}}
"#,
    r#"
apiVersion: signalbox/v1
kind: Playbook
metadata: {name: flaky, path: chaos/flaky}
workload: {n: 0, folder: ""}
workflow:
  - {step: start, next: try}
  - step: try
    type: python
    retry: {max_attempts: 3, initial_delay: 0.05, jitter: false}
    data: {n: "{{ workload.n }}", marker: "{{ workload.folder }}/{{ execution_id }}"}
    code: |
      import os
      def main(n, marker):
          if not os.path.exists(marker):
              open(marker, "w").close()
              raise RuntimeError("the first time it fails")
          return {"n": n}
    next: end
  - {step: end, result: {n: "{{ try.n }}"}}
"#,
    r#"
apiVersion: signalbox/v1
kind: Playbook
metadata: {name: asking, path: chaos/asking}
workload: {n: 0}
workflow:
  - {step: start, next: ask}
  - step: ask
    type: approval
    message: "Go on with {{ workload.n }}?"
    form: [{name: more, type: integer}]
    next: {step: add, when: ask.approved}
  - {step: add, type: noop, data: {n: "{{ workload.n + ask.more }}"}, next: end}
  - {step: end, result: {n: "{{ add.n }}"}}
"#,
];
const PATHS: [&str; 5] = ["chaos/chain", "chaos/each", "chaos/parent", "chaos/flaky", "chaos/asking"];
/// What the person adds.
const MORE: u64 = 1_000;

/// What an execution comes to, in peace.
fn foretold(path: &str, n: u64) -> u64 {
    match path {
        "chaos/chain" | "chaos/parent" => n + 1,
        "chaos/each" => (0..n % 7 + 2).sum(),
        "chaos/flaky" => n,
        _ => n + MORE,
    }
}

/// The processes, and who strikes them.
struct Scene {
    cluster: Cluster,
    folder: PathBuf,
    ports: [u16; 2],
    servers: [Option<Child>; 2],
    workers: [Option<Child>; 2],
    blows: u64,
}

impl Scene {
    fn new(folder: &Path) -> Self {
        let free = || TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let mut scene = Self {
            cluster: Cluster::start(),
            folder: folder.to_owned(),
            ports: [free(), free()],
            servers: [None, None],
            workers: [None, None],
            blows: 0,
        };
        scene.raise();
        scene
    }

    fn url(&self, server: usize) -> String {
        format!("http://127.0.0.1:{}", self.ports[server])
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_signalbox"));
        let log =
            File::options().create(true).append(true).open(self.folder.join(format!("{name}.log"))).expect("a log");
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log);
        command.env("SIGNALBOX_LOG", "warn");
        command
    }

    /// Starts what does not run.
    fn raise(&mut self) {
        for index in 0..2 {
            if !runs(&mut self.servers[index]) {
                let mut command = self.command(&format!("server-{index}"));
                command.args(["serve", "--listen", &format!("127.0.0.1:{}", self.ports[index]), "--store"]);
                command.arg(self.cluster.url()).arg("--data").arg(self.folder.join(format!("server-{index}")));
                self.servers[index] = Some(command.spawn().expect("the server starts"));
            }
            if !runs(&mut self.workers[index]) {
                let mut command = self.command(&format!("worker-{index}"));
                command.args(["worker", "--types", "noop,python", "--server", &self.url(index), "--data"]);
                command.arg(self.folder.join(format!("worker-{index}")));
                self.workers[index] = Some(command.spawn().expect("the worker starts"));
            }
        }
    }

    /// One blow, and whoever fell stands up again.
    fn strike(&mut self, what: u64, whom: usize) {
        self.blows += 1;
        match what {
            0..=3 => kill(&mut self.servers[whom]),
            4..=7 => kill(&mut self.workers[whom]),
            8 => self.cluster.restart(),
            _ => self.cluster.crash(),
        }
        self.raise();
    }

    fn end(&mut self) {
        for child in self.servers.iter_mut().chain(&mut self.workers) {
            kill(child);
        }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.end();
    }
}

fn runs(child: &mut Option<Child>) -> bool {
    child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
}

/// SIGKILL: no handler runs, nothing is flushed.
fn kill(child: &mut Option<Child>) {
    if let Some(mut child) = child.take() {
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// A client that tries one server, then the other, until one answers.
#[derive(Clone)]
struct Client {
    http: reqwest::Client,
    urls: [String; 2],
    turn: Arc<AtomicU64>,
}

impl Client {
    fn url(&self, path: &str) -> String {
        let turn = self.turn.fetch_add(1, SeqCst);
        format!("{}/api/v1/{path}", self.urls[usize::from(turn % 2 == 1)])
    }

    /// The body of the first answer of 2xx.
    async fn insist(
        &self,
        request: impl Fn(&reqwest::Client, &dyn Fn(&str) -> String) -> reqwest::RequestBuilder,
    ) -> Value {
        let began = Instant::now();
        loop {
            let answer = request(&self.http, &|path| self.url(path)).timeout(Duration::from_secs(10)).send().await;
            let told = match answer {
                Ok(answer) if answer.status().is_success() => match answer.json().await {
                    Ok(body) => return body,
                    Err(error) => error.to_string(),
                },
                Ok(answer) if answer.status().is_client_error() => panic!("{:?}", answer.text().await),
                Ok(answer) => answer.status().to_string(),
                Err(error) => error.to_string(),
            };
            assert!(began.elapsed() < PEACE, "no server answers: {told}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn list(&self, path: &str, of: &str) -> Vec<Value> {
        let page = self.insist(|http, url| http.get(url(path))).await;
        page[of].as_array().cloned().unwrap_or_default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_ends_as_it_would_have_in_peace() {
    let full = std::env::var_os("SIGNALBOX_FULL").is_some();
    let (count, blows, pause_ms) = if full { (1_000, 150, 600) } else { (40, 14, 350) };
    let dice = Dice::seeded(0x5161_0003);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().expect("a folder");
    let markers = folder.path().join("markers");
    std::fs::create_dir(&markers).expect("a folder");
    let scene = Scene::new(folder.path());
    let urls = [scene.url(0), scene.url(1)];
    let client = Client { http: reqwest::Client::new(), urls, turn: Arc::default() };
    for playbook in PLAYBOOKS {
        client
            .insist(|http, url| http.post(url("playbooks")).header("content-type", "application/yaml").body(playbook))
            .await;
    }

    // The blows, until enough have fallen and all is submitted.
    let enough = Arc::new(AtomicBool::new(false));
    let striking = tokio::task::spawn_blocking({
        let enough = enough.clone();
        move || {
            let (mut scene, mut dice) = (scene, dice);
            while scene.blows < blows || !enough.load(SeqCst) {
                std::thread::sleep(Duration::from_millis(pause_ms / 2 + dice.below(pause_ms)));
                let (what, whom) = (dice.below(10), dice.below(2) as usize);
                scene.strike(what, whom);
            }
            scene
        }
    });

    // Somebody answers whatever is asked, more than once if it comes so.
    let answering = tokio::spawn({
        let client = client.clone();
        async move {
            loop {
                for asked in client.list("approvals?limit=200", "approvals").await {
                    let (id, step) =
                        (asked["execution_id"].as_str().expect("an id"), asked["step"].as_str().expect("a step"));
                    let url = client.url(&format!("executions/{id}/approvals/{step}"));
                    // Refused when it was answered meanwhile.
                    let _ = client.http.post(url).json(&json!({"data": {"more": MORE}})).send().await;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    });

    let mut submitted: HashMap<String, (&str, u64)> = HashMap::new();
    for n in 0..count {
        let path = PATHS[(n % 5) as usize];
        let request = json!({
            "path": path,
            "input": {"n": n, "folder": markers},
            "idempotency_key": format!("chaos-{n}"),
        });
        let answer = client.insist(|http, url| http.post(url("executions")).json(&request)).await;
        let id = answer["execution_id"].as_str().expect("an id").to_owned();
        assert!(submitted.insert(id, (path, n)).is_none(), "two submissions, one execution");
    }
    enough.store(true, SeqCst);
    let mut scene = striking.await.expect("blows");
    println!("{} blows", scene.blows);

    let peace = Instant::now();
    loop {
        let running = client.list("executions?status=running,queued&limit=5", "executions").await;
        if running.is_empty() {
            break;
        }
        assert!(peace.elapsed() < PEACE, "still under way: {running:#?}\n{}", logs(folder.path()));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    answering.abort();
    scene.end();
    check(&scene.cluster.url(), &submitted).await;
}

async fn check(url: &str, submitted: &HashMap<String, (&str, u64)>) {
    let store: Arc<dyn Store> = PostgresStore::connect(url).await.expect("the store opens");
    assert!(store.open_tasks(None).await.expect("readable").is_empty(), "tasks left behind");
    let (mut listed, mut before) = (HashMap::new(), None);
    loop {
        let page =
            store.executions(ExecutionFilter { before, limit: 500, ..Default::default() }).await.expect("a page");
        let Some(last) = page.executions.last() else { break };
        before = Some(last.execution_id);
        listed.extend(page.executions.into_iter().map(|row| (row.execution_id.to_string(), row)));
    }
    let parents = submitted.values().filter(|(path, _)| *path == "chaos/parent").count();
    assert_eq!(listed.len(), submitted.len() + parents, "each submission is one execution, each parent has one child");
    for (id, (path, n)) in submitted {
        let row = listed.get(id).unwrap_or_else(|| panic!("{id} was acknowledged and is gone"));
        assert_eq!(
            (row.status, row.outcome),
            (Phase::Completed, Some(Outcome::Completed)),
            "{path} {id}: {:?}",
            row.error
        );
        let detail = store.execution(row.execution_id).await.expect("readable").expect("listed above");
        assert_eq!(detail.result, Some(json!({"n": foretold(path, *n)})), "{path} {id}");
    }

    let (mut after, mut expected) = (Position(0), 1);
    let mut once: BTreeMap<String, u32> = BTreeMap::new();
    let mut ended = BTreeSet::new();
    loop {
        let page = store.log(&Topic::Events, after, 500).await.expect("the log is readable");
        let Some(last) = page.events.last() else { break };
        after = last.position.expect("durable");
        for envelope in &page.events {
            assert_eq!(envelope.position.expect("durable").0, expected, "positions have a gap");
            expected += 1;
            let Some(id) = envelope.event.execution_id() else { continue };
            let name = envelope.event.name();
            let is_late = matches!(envelope.event, Event::ReportLate(_));
            assert!(is_late || !ended.contains(&id), "{id}: {name} after its end");
            let what = match &envelope.event {
                Event::StepStarted(e) => format!("{} {}", e.step, e.visit),
                Event::StepCompleted(e) => format!("{} {}", e.step, e.visit),
                Event::ActionCompleted(e) => format!("{} {} {:?} {:?}", e.step, e.visit, e.part, e.item),
                Event::ExecutionStart(_) => String::new(),
                Event::ExecutionComplete(_) => {
                    ended.insert(id);
                    String::new()
                }
                _ => continue,
            };
            *once.entry(format!("{id} {name} {what}")).or_default() += 1;
        }
    }
    let twice: Vec<_> = once.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    assert_eq!(ended.len(), listed.len());
    store.close().await;
}

/// The ends of what the processes said.
fn logs(folder: &Path) -> String {
    let mut all = String::new();
    for name in ["server-0", "server-1", "worker-0", "worker-1"] {
        let text = std::fs::read_to_string(folder.join(format!("{name}.log"))).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        all.push_str(&format!("--- {name}\n{}\n", lines[lines.len().saturating_sub(25)..].join("\n")));
    }
    all
}
