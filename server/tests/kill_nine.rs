//! Nothing is lost over SIGKILL: the real server is killed again and again while executions run, and started
//! again on the same folder.
//!
//! By default a small story; `SIGNALBOX_FULL=1` runs the whole: 200 executions, 20 kills.

#[path = "support/mod.rs"]
mod support;

use protocol::{Event, Outcome, Phase, Position, Topic, api::Submitted};
use serde_json::json;
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::Arc,
    time::Duration,
};
use store::{ExecutionFilter, QueueFilter, Store, sqlite::SqliteStore};
use support::{Dice, Served};

/// Parallel branches with a join, a chain, and real subprocesses to be killed in.
const PLAYBOOK: &str = r#"
apiVersion: signalbox/v1
kind: Playbook
metadata: {name: survivor, path: tests/survivor}
workload: {n: 0}
workflow:
  - {step: start, next: [left, right]}
  - step: left
    type: python
    data: {n: "{{ workload.n }}"}
    code: |
      def main(n):
          return {"n": n}
    next: left_two
  - {step: left_two, type: noop, data: {n: "{{ left.n }}"}, next: left_three}
  - {step: left_three, type: noop, data: {n: "{{ left_two.n }}"}, next: joined}
  - {step: right, type: noop, next: right_two}
  - step: right_two
    type: python
    data: {n: "{{ workload.n }}"}
    code: |
      def main(n):
          return {"n": n}
    next: joined
  - {step: joined, type: noop, data: {sum: "{{ left_three.n + right_two.n }}"}, next: end}
  - {step: end, result: {sum: "{{ joined.sum }}"}}
"#;

async fn position(client: &reqwest::Client, url: &str) -> Option<u64> {
    let health = client.get(format!("{url}/api/v1/health")).send().await.ok()?;
    health.json::<serde_json::Value>().await.ok()?["position"].as_u64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_execution_survives_sigkill() {
    let full = std::env::var_os("SIGNALBOX_FULL").is_some();
    let (kills, per_round) = if full { (20, 10) } else { (5, 8) };
    let mut moments = Dice::seeded(0x5161_0001);
    let folder = tempfile::tempdir().expect("a folder");
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::new();
    let mut acknowledged = HashMap::new();

    for round in 0..kills {
        let server = Served::start(folder.path(), ".");
        if round == 0 {
            let registered = client
                .post(format!("{}/api/v1/playbooks", server.url))
                .header("content-type", "application/yaml")
                .body(PLAYBOOK)
                .send()
                .await
                .expect("the server answers");
            assert_eq!(registered.status(), 201, "{:?}", registered.text().await);
        }
        for index in 0..per_round {
            let n = round * per_round + index;
            let submitted = client
                .post(format!("{}/api/v1/executions", server.url))
                .json(&json!({"path": "tests/survivor", "input": {"n": n}}))
                .send()
                .await
                .expect("the server answers");
            assert_eq!(submitted.status(), 201);
            let submitted: Submitted = submitted.json().await.expect("an id");
            acknowledged.insert(submitted.execution_id, n);
        }
        // Killed after some more events, not after some time: the moment is in the middle of the work.
        let from = position(&client, &server.url).await.expect("healthy");
        let until = from + moments.below(12 * per_round);
        while position(&client, &server.url).await.expect("healthy") < until && !idle(&client, &server.url).await {
            tokio::time::sleep(Duration::from_millis(1 + moments.below(4))).await;
        }
        // SIGKILL: no handler runs, nothing is flushed.
        drop(server);
    }

    let server = Served::start(folder.path(), ".");
    while !idle(&client, &server.url).await {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(server);
    check(folder.path(), &acknowledged).await;
}

/// Two at once, each with a real subprocess to be killed in.
const LIMITED: &str = r#"
apiVersion: signalbox/v1
kind: Playbook
metadata: {name: limited, path: tests/limited}
concurrency: 2
workflow:
  - step: start
    type: python
    code: |
      def main():
          return 1
    next: end
  - {step: end}
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_to_be_let_in_is_let_in_over_sigkill() {
    let full = std::env::var_os("SIGNALBOX_FULL").is_some();
    let (kills, count) = if full { (15, 60) } else { (4, 12) };
    let mut moments = Dice::seeded(0x5161_0002);
    let folder = tempfile::tempdir().expect("a folder");
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::new();
    let mut server = Served::start(folder.path(), ".");
    let register = client.post(format!("{}/api/v1/playbooks", server.url)).header("content-type", "application/yaml");
    assert_eq!(register.body(LIMITED).send().await.expect("the server answers").status(), 201);
    for _ in 0..count {
        let submit = client.post(format!("{}/api/v1/executions", server.url)).json(&json!({"path": "tests/limited"}));
        assert_eq!(submit.send().await.expect("the server answers").status(), 201);
    }
    for _ in 0..kills {
        let until = position(&client, &server.url).await.expect("healthy") + 1 + moments.below(10);
        while position(&client, &server.url).await.expect("healthy") < until && !idle(&client, &server.url).await {
            tokio::time::sleep(Duration::from_millis(1 + moments.below(4))).await;
        }
        drop(server);
        server = Served::start(folder.path(), ".");
    }
    while !idle(&client, &server.url).await {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(server);

    let store: Arc<dyn Store> = SqliteStore::open(&folder.path().join("signalbox.db")).await.expect("the store opens");
    let (mut running, mut most, mut ended, mut after) = (0_u32, 0, 0, Position(0));
    loop {
        let page = store.log(&Topic::Events, after, 500).await.expect("the log is readable");
        let Some(last) = page.events.last() else { break };
        after = last.position.expect("durable");
        for envelope in &page.events {
            match &envelope.event {
                Event::ExecutionStart(_) => running += 1,
                Event::ExecutionComplete(end) => {
                    assert_eq!(end.outcome, Outcome::Completed);
                    (running, ended) = (running - 1, ended + 1);
                }
                _ => {}
            }
            most = most.max(running);
        }
    }
    assert_eq!((ended, most), (count, 2), "all ended, never more than two at once");
    assert_eq!(store.queued_count(QueueFilter::default()).await.expect("a count"), 0);
    store.close().await;
}

async fn idle(client: &reqwest::Client, url: &str) -> bool {
    let running =
        client.get(format!("{url}/api/v1/executions?status=running,queued&limit=1")).send().await.expect("answers");
    let page: serde_json::Value = running.json().await.expect("a page");
    page["executions"].as_array().is_some_and(Vec::is_empty)
}

async fn check(data: &Path, acknowledged: &HashMap<protocol::ExecutionId, u64>) {
    let store = SqliteStore::open(&data.join("signalbox.db")).await.expect("the store opens");
    assert!(store.open_tasks(None).await.expect("readable").is_empty(), "tasks left behind");

    let mut listed = HashMap::new();
    let mut before = None;
    loop {
        let page =
            store.executions(ExecutionFilter { before, limit: 100, ..Default::default() }).await.expect("a page");
        let Some(last) = page.executions.last() else { break };
        before = Some(last.execution_id);
        listed.extend(page.executions.into_iter().map(|row| (row.execution_id, row)));
    }
    for (id, n) in acknowledged {
        let row = listed.get(id).unwrap_or_else(|| panic!("{id} was acknowledged and is gone"));
        assert_eq!((row.status, row.outcome), (Phase::Completed, Some(Outcome::Completed)), "{id}: {:?}", row.error);
        let detail = store.execution(*id).await.expect("readable").expect("listed above");
        assert_eq!(detail.result, Some(json!({"sum": 2 * n})), "{id}");
    }

    let mut expected = 1;
    let mut steps: BTreeMap<(protocol::ExecutionId, &str, String, u32), u32> = BTreeMap::new();
    let mut ended: HashMap<protocol::ExecutionId, u64> = HashMap::new();
    let mut after = Position(0);
    loop {
        let page = store.log(&Topic::Events, after, 500).await.expect("the log is readable");
        let Some(last) = page.events.last() else { break };
        after = last.position.expect("durable");
        for envelope in &page.events {
            let position = envelope.position.expect("durable").0;
            assert_eq!(position, expected, "positions have a gap");
            expected += 1;
            let id = envelope.event.execution_id().expect("only executions here");
            assert!(!ended.contains_key(&id), "{id}: {} after its end", envelope.event.name());
            match &envelope.event {
                Event::StepStarted(e) => *steps.entry((id, "started", e.step.clone(), e.visit)).or_default() += 1,
                Event::StepCompleted(e) => *steps.entry((id, "completed", e.step.clone(), e.visit)).or_default() += 1,
                Event::ExecutionComplete(_) => {
                    ended.insert(id, position);
                }
                _ => {}
            }
        }
    }
    for (key, count) in &steps {
        assert_eq!(*count, 1, "{key:?}");
    }
    assert_eq!(ended.len(), listed.len());
    assert_eq!(steps.len(), listed.len() * 6 * 2, "six steps each, started and completed once");
    store.close().await;
}
