//! Leases, seen from both sides: the test plays the driver and the worker, and time passes when it says so.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use super::{Door, HEARTBEAT, LEASE, Registry, STOP_GRACE};
use crate::{
    SystemEnvironment, Troubles,
    credentials::Vault,
    driver::{Done, Executor, Lost, Message, PoolId, channel},
};
use async_trait::async_trait;
use bytes::Bytes;
use engine::Input;
use hub::{Hub, HubConfig, Inbound, Kind, Log, LogUnavailable, Outbound, Outgoing, Page, Sending};
use protocol::{
    ClientId, CommitId, Epoch, ExecutionId, Position, Problem, Task, TaskKey, TaskPart, Timestamp, Topic,
    frame::close,
    task::{Credentials, TaskOutcome},
};
use serde_json::{Value, json};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use store::{Commit, Store, TaskChange, sqlite::SqliteStore};
use tokio::{sync::mpsc, sync::watch, task::JoinHandle, time::advance};
use uuid::Uuid;
use worker::Cancelled;

struct NoLog;

#[async_trait]
impl Log for NoLog {
    fn epoch(&self) -> Epoch {
        Epoch("e".to_owned())
    }

    async fn head(&self) -> Result<Position, LogUnavailable> {
        Ok(Position(0))
    }

    async fn page(&self, _topic: &Topic, after: Position, _limit: u32) -> Result<Page, LogUnavailable> {
        Ok(Page { events: Vec::new(), through: after, at_head: true, complete_after: Position(0) })
    }
}

struct Scene {
    hub: Arc<Hub>,
    registry: Arc<Registry>,
    inbox: mpsc::Receiver<Message>,
    clients: u128,
}

struct Peer {
    inbound: Inbound,
    outbound: Outbound,
    read: VecDeque<Bytes>,
}

impl Scene {
    async fn new() -> Self {
        let store: Arc<dyn Store> = SqliteStore::in_memory().await.unwrap();
        let vault = Arc::new(Vault::in_memory());
        let hub = Hub::new(Arc::new(NoLog), HubConfig::default());
        let (driver, inbox) = channel();
        let environment = Arc::new(SystemEnvironment::default());
        let registry =
            Registry::new(driver, environment, &hub, Arc::from("server"), store, vault, Troubles::channel().0);
        hub.set_workers(Arc::new(Door(registry.clone())));
        Self { hub, registry, inbox, clients: 0 }
    }

    async fn peer(&mut self, kind: Kind) -> Peer {
        self.clients += 1;
        let id = ClientId(Uuid::from_u128(self.clients));
        let (inbound, outbound) =
            self.hub.connect(kind, id, Arc::new(protocol::Identity::local()), Timestamp(0)).await.unwrap();
        let mut peer = Peer { inbound, outbound, read: VecDeque::new() };
        assert_eq!(peer.next().await["type"], "hello");
        peer
    }

    /// A worker, and what the driver got to run tasks by.
    async fn worker(&mut self, extra: Value) -> (Peer, Vec<Arc<dyn Executor>>) {
        let mut peer = self.peer(Kind::Worker).await;
        let mut join = json!({"type": "worker_join", "name": "w", "protocols": ["noop"], "concurrency": 4});
        join.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        peer.send(join.clone()).await;
        assert_eq!(peer.next().await["type"], "worker_joined");
        let mut executors = Vec::new();
        let groups = 1 + join["concurrency_of"].as_object().map_or(0, |of| of.len());
        while executors.len() < groups {
            let Some(Message::Join { executor, reply }) = self.inbox.recv().await else { panic!("a join") };
            executors.push(executor);
            reply.send(PoolId::of(executors.len() as u64)).unwrap();
        }
        (peer, executors)
    }
}

impl Peer {
    async fn send(&mut self, frame: Value) {
        self.inbound.text(&frame.to_string(), Timestamp(0)).await;
    }

    async fn next(&mut self) -> Value {
        loop {
            if let Some(frame) = self.read.pop_front() {
                return serde_json::from_slice(&frame).unwrap();
            }
            match tokio::time::timeout(Duration::from_secs(60), self.outbound.next()).await.expect("a frame") {
                Sending::Batch(batch) => self.read.extend(batch.into_iter().filter_map(|outgoing| match outgoing {
                    Outgoing::Text(json) => Some(json),
                    Outgoing::Ping => None,
                })),
                Sending::Close(close) => panic!("{close:?}"),
            }
        }
    }

    async fn closed(&mut self) -> u16 {
        loop {
            if let Sending::Close(close) = self.outbound.next().await {
                return close.code;
            }
        }
    }
}

fn task(attempt: u32) -> Task {
    let execution_id = ExecutionId(Uuid::from_u128(9));
    Task {
        key: TaskKey { execution_id, step: "s".into(), visit: 1, attempt, part: TaskPart::Action, item: None },
        protocol: "noop".into(),
        config: Arc::default(),
        input: Arc::new(json!({"n": attempt})),
        timeout_ms: 600_000,
        heartbeat_ms: None,
        priority: 0,
        credentials: Credentials::default(),
    }
}

fn key(attempt: u32) -> Value {
    serde_json::to_value(task(attempt).key).unwrap()
}

fn report(id: u32, attempt: u32) -> Value {
    let report = json!({"key": key(attempt), "outcome": "completed", "result": {"done": attempt}, "duration_ms": 7});
    json!({"type": "worker_reports", "id": id, "reports": [report]})
}

type Running = (watch::Sender<bool>, JoinHandle<Result<Done, Lost>>);

fn run(executor: &Arc<dyn Executor>, task: Task) -> Running {
    let (switch, cancelled) = Cancelled::pair();
    let executor = executor.clone();
    (switch, tokio::spawn(async move { executor.run(task, cancelled).await }))
}

async fn reason((_switch, running): Running) -> String {
    running.await.unwrap().err().expect("lost").reason
}

#[tokio::test(start_paused = true)]
async fn a_report_ends_its_lease_and_is_acknowledged_when_it_is_durable() {
    let mut scene = Scene::new().await;
    let (mut peer, executors) = scene.worker(json!({})).await;
    let (_switch, running) = run(&executors[0], task(1));
    let tasks = peer.next().await;
    assert_eq!((&tasks["type"], &tasks["leases"][0]["task"]["key"]), (&json!("worker_tasks"), &key(1)));
    peer.send(report(5, 1)).await;
    let done = running.await.unwrap().unwrap_or_else(|_| panic!("a report"));
    assert_eq!(done.duration_ms, Some(7));
    assert!(matches!(&done.run.outcome, TaskOutcome::Completed { result } if **result == json!({"done": 1})));
    assert_eq!(scene.registry.list()[0].running, 0);
    // What is sent before the commit is durable says nothing of it.
    peer.send(json!({"type": "ping", "id": 1})).await;
    assert_eq!(peer.next().await["type"], "pong");
    done.receipt.unwrap().send(Ok(())).unwrap();
    assert_eq!(peer.next().await, json!({"type": "worker_reported", "id": 5, "settled": [key(1)]}));
}

#[tokio::test(start_paused = true)]
async fn a_report_the_server_cannot_promise_is_not_acknowledged() {
    let mut scene = Scene::new().await;
    let (mut peer, executors) = scene.worker(json!({})).await;
    let (_switch, running) = run(&executors[0], task(1));
    peer.next().await;
    peer.send(report(5, 1)).await;
    let stopping = Problem::new(503, "stopping", "Stopping", "stopping").temporary();
    running.await.unwrap().ok().unwrap().receipt.unwrap().send(Err(stopping)).unwrap();
    assert_eq!(peer.next().await, json!({"type": "worker_reported", "id": 5, "settled": []}));
}

#[tokio::test]
async fn a_report_after_a_restart_counts_and_has_no_secrets_in_it() {
    let mut scene = Scene::new().await;
    let config = json!({"auth": {"type": "bearer", "inline": {"token": "xyzzy-plugh"}}});
    let task = Arc::new(Task { config: Arc::new(config), ..task(1) });
    let add = TaskChange::Add { task, due: Timestamp(0), claimed_by: Some(Arc::from("server/w:before")) };
    let id = CommitId(Uuid::from_u128(1));
    let commit = Commit { id, time: Timestamp(0), execution: None, events: Vec::new(), tasks: vec![add] };
    scene.registry.store.commit(commit).await.unwrap();
    let (mut peer, _) = scene.worker(json!({})).await;
    let report = json!({"key": key(1), "outcome": "completed", "result": "xyzzy-plugh!", "duration_ms": 7,
        "logs": {"stdout": "with xyzzy-plugh"}});
    peer.send(json!({"type": "worker_reports", "id": 1, "reports": [report]})).await;
    let Some(Message::Tell { input: Input::Report { report, .. }, reply, .. }) = scene.inbox.recv().await else {
        panic!("a report")
    };
    assert_eq!(report.logs.stdout, "with ***");
    assert!(matches!(report.outcome, TaskOutcome::Completed { result } if *result == json!("***!")));
    reply.send(Ok(())).unwrap();
    assert_eq!(peer.next().await["settled"], json!([key(1)]));
}

// In real time: the store is asked, on a thread of its own.
#[tokio::test]
async fn a_late_report_goes_to_the_driver_and_not_to_who_holds_the_task_now() {
    let mut scene = Scene::new().await;
    let (mut peer, _) = scene.worker(json!({})).await;
    let (_other, executors) = scene.worker(json!({"name": "other"})).await;
    peer.send(report(1, 1)).await;
    let Some(Message::Tell { id, input: Input::Report { report: told, worker }, reply }) = scene.inbox.recv().await
    else {
        panic!("a report")
    };
    assert_eq!((id, told.key.clone()), (task(1).key.execution_id, task(1).key));
    assert!(worker.starts_with("server/w:"), "{worker}");
    reply.send(Ok(())).unwrap();
    assert_eq!(peer.next().await["settled"], json!([key(1)]));

    let (_switch, running) = run(&executors[0], task(2));
    tokio::task::yield_now().await;
    peer.send(report(2, 2)).await;
    assert_eq!(peer.next().await["settled"], json!([key(2)]), "acknowledged, so that it is not said again");
    assert!(scene.inbox.try_recv().is_err(), "and the driver does not hear of it");
    assert!(!running.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_worker_unheard_of_for_a_lease_is_gone_with_all_it_has() {
    let mut scene = Scene::new().await;
    let (mut peer, executors) = scene.worker(json!({})).await;
    let running = [run(&executors[0], task(1)), run(&executors[0], task(2))];
    peer.next().await;
    advance(LEASE - HEARTBEAT).await;
    peer.send(json!({"type": "worker_heartbeat", "tasks": [key(1), key(2)]})).await;
    advance(LEASE - HEARTBEAT).await;
    assert!(executors[0].is_open(), "heartbeats keep it");
    for running in running {
        assert_eq!(reason(running).await, "nothing was heard of it for 15 s");
    }
    assert!(!executors[0].is_open());
    assert_eq!(peer.closed().await, close::LEASE);
    assert!(matches!(scene.inbox.recv().await, Some(Message::Leave(_))));
}

#[tokio::test(start_paused = true)]
async fn a_task_without_its_own_heartbeat_is_lost_alone() {
    let mut scene = Scene::new().await;
    let (mut peer, executors) = scene.worker(json!({})).await;
    let watched = Task { heartbeat_ms: Some(2_000), ..task(1) };
    let running = [run(&executors[0], watched), run(&executors[0], task(2))];
    peer.next().await;
    advance(Duration::from_millis(1_500)).await;
    peer.send(json!({"type": "worker_heartbeat", "tasks": [key(1)]})).await;
    advance(Duration::from_millis(1_500)).await;
    tokio::task::yield_now().await;
    assert!(!running[0].1.is_finished());
    let [first, second] = running;
    assert_eq!(reason(first).await, "no heartbeat of this task for 2000 ms");
    assert_eq!(peer.next().await, json!({"type": "worker_cancel", "tasks": [key(1)]}));
    assert!(!second.1.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_task_is_released_by_its_worker_or_given_up() {
    let mut scene = Scene::new().await;
    let (mut peer, executors) = scene.worker(json!({})).await;
    for releases in [true, false] {
        let started = tokio::time::Instant::now();
        let (switch, running) = run(&executors[0], task(1));
        assert_eq!(peer.next().await["type"], "worker_tasks");
        switch.send_replace(true);
        assert_eq!(peer.next().await, json!({"type": "worker_cancel", "tasks": [key(1)]}));
        assert!(!running.is_finished(), "its place is not free yet");
        if releases {
            peer.send(json!({"type": "worker_reports", "id": 1, "released": [key(1)]})).await;
            assert_eq!(peer.next().await, json!({"type": "worker_reported", "id": 1, "settled": [key(1)]}));
        }
        assert!(running.await.unwrap().is_err());
        assert_eq!(started.elapsed() >= STOP_GRACE, !releases);
        assert_eq!(scene.registry.list()[0].running, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_leaves_loses_what_it_has_at_once_and_gets_nothing_more() {
    let mut scene = Scene::new().await;
    let (peer, executors) = scene.worker(json!({})).await;
    let running = run(&executors[0], task(1));
    tokio::task::yield_now().await;
    drop(peer);
    assert!(!executors[0].is_open(), "before the driver has heard of it");
    assert_eq!(reason(running).await, "disconnected");
    assert_eq!(reason(run(&executors[0], task(2))).await, "disconnected before the task reached it");
    assert!(matches!(scene.inbox.recv().await, Some(Message::Leave(_))));
}

#[tokio::test(start_paused = true)]
async fn a_draining_worker_gets_what_it_was_promised_and_no_more() {
    let mut scene = Scene::new().await;
    let (mut peer, executors) = scene.worker(json!({})).await;
    let (_switch, running) = run(&executors[0], task(1));
    tokio::task::yield_now().await;
    peer.send(json!({"type": "worker_drain", "id": "d"})).await;
    assert!(!executors[0].is_open());
    assert!(scene.registry.list()[0].draining);
    assert_eq!(peer.next().await["type"], "worker_tasks");
    assert_eq!(peer.next().await, json!({"type": "worker_draining", "id": "d"}));
    peer.send(report(1, 1)).await;
    assert!(running.await.unwrap().is_ok());
    assert_eq!(reason(run(&executors[0], task(2))).await, "the worker is leaving");
}

#[tokio::test(start_paused = true)]
async fn when_the_server_goes_away_nothing_is_given_to_others() {
    let mut scene = Scene::new().await;
    let (mut peer, executors) = scene.worker(json!({})).await;
    let (switch, running) = run(&executors[0], task(1));
    peer.next().await;
    let hub = scene.hub.clone();
    let draining = tokio::spawn(async move { hub.drain().await });
    assert_eq!(peer.closed().await, close::DRAINING);
    drop(peer);
    draining.await.unwrap();
    assert!(!executors[0].is_open());
    assert!(!running.is_finished(), "the lease holds until this server has stopped");
    switch.send_replace(true);
    assert!(running.await.unwrap().is_err(), "and ends at once when it stops");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_the_workers_own_it_is_told_to_stop() {
    let mut scene = Scene::new().await;
    let (mut peer, _) = scene.worker(json!({"tasks": [key(1)]})).await;
    assert_eq!(peer.next().await, json!({"type": "worker_cancel", "tasks": [key(1)]}));
    peer.send(json!({"type": "worker_heartbeat", "tasks": [key(2)]})).await;
    assert_eq!(peer.next().await, json!({"type": "worker_cancel", "tasks": [key(2)]}));
}

#[tokio::test(start_paused = true)]
async fn progress_of_its_own_tasks_is_seen_by_who_watches_the_execution() {
    let mut scene = Scene::new().await;
    let (mut peer, executors) = scene.worker(json!({})).await;
    let mut watcher = scene.peer(Kind::Client).await;
    let topic = format!("execution:{}", task(1).key.execution_id);
    watcher.send(json!({"type": "subscribe", "topics": [topic]})).await;
    assert_eq!(watcher.next().await["type"], "subscribed");
    let _running = run(&executors[0], task(1));
    peer.next().await;
    let note = |attempt, percent| json!({"key": key(attempt), "percent": percent, "message": "so far", "logs": {"stdout": "line\n"}});
    let progress = [note(2, 10.0), note(1, 140.0)];
    peer.send(json!({"type": "worker_heartbeat", "tasks": [key(1)], "progress": progress})).await;
    let event = &watcher.next().await["event"];
    assert_eq!((event["type"].as_str(), event["position"].is_null()), (Some("task_progress"), true));
    let data = &event["data"];
    assert_eq!((&data["attempt"], &data["percent"]), (&json!(1), &json!(100.0)), "one that is not its own is nobody's");
    assert_eq!((&data["message"], &data["logs"]["stdout"]), (&json!("so far"), &json!("line\n")));
    assert!(data["worker"].as_str().unwrap().starts_with("server/w:"));
}

#[tokio::test(start_paused = true)]
async fn progress_of_a_task_with_credentials_tells_nothing_of_them() {
    let mut scene = Scene::new().await;
    let (mut peer, executors) = scene.worker(json!({})).await;
    let mut watcher = scene.peer(Kind::Client).await;
    watcher.send(json!({"type": "subscribe", "topics": [format!("execution:{}", task(1).key.execution_id)]})).await;
    assert_eq!(watcher.next().await["type"], "subscribed");
    let config = json!({"auth": {"type": "bearer", "inline": {"token": "xyzzy-plugh"}}});
    let opened = scene.registry.vault.open(&scene.registry.store, Task { config: Arc::new(config), ..task(1) }).await;
    let (opened, redaction) = opened.unwrap();
    let (_switch, cancelled) = Cancelled::pair();
    let executor = executors[0].clone();
    let running = tokio::spawn(async move { executor.run_opened(opened, Arc::new(redaction), cancelled).await });
    let leased = peer.next().await;
    assert_eq!(leased["leases"][0]["credentials"]["inline"]["token"], "xyzzy-plugh", "its worker has them");
    let note = json!({"key": key(1), "message": "with xyzzy-plugh", "logs": {"stdout": "xyzzy-"}});
    peer.send(json!({"type": "worker_heartbeat", "tasks": [key(1)], "progress": [note]})).await;
    let event = watcher.next().await["event"].clone();
    assert_eq!(event["data"]["message"], "with ***");
    assert!(!event.to_string().contains("xyzzy"), "{event}");
    running.abort();
}

#[tokio::test(start_paused = true)]
async fn protocols_with_a_number_of_their_own_have_places_of_their_own() {
    let mut scene = Scene::new().await;
    let places = json!({"protocols": ["python", "noop", "http", "noop"], "concurrency_of": {"python": 2}});
    let (_peer, executors) = scene.worker(places).await;
    let groups: Vec<_> = executors.iter().map(|executor| (executor.protocols(), executor.concurrency())).collect();
    assert_eq!(groups, [(vec!["python".to_owned()], 2), (vec!["http".to_owned(), "noop".to_owned()], 4)]);
    let listed = &scene.registry.list()[0];
    assert_eq!((listed.concurrency, listed.protocols.len(), listed.name.as_str()), (6, 3, "w"));
}
