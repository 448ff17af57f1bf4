//! A hub and a registry; the test is the driver, and the worker or client at the other end.

use crate::{
    SystemEnvironment, Troubles,
    credentials::Vault,
    driver::{Done, Executor, Lost, Message, PoolId, channel},
    workers::{Door, Registry},
};
use async_trait::async_trait;
use bytes::Bytes;
use hub::{Hub, HubConfig, Inbound, Kind, Log, LogUnavailable, Outbound, Outgoing, Page, Sending};
use protocol::{
    ClientId, CommitId, Epoch, ExecutionId, Position, Task, TaskKey, TaskPart, Timestamp, Topic, task::Credentials,
};
use serde_json::{Value, json};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use store::{Commit, Store, TaskChange, sqlite::SqliteStore};
use tokio::{sync::mpsc, sync::watch, task::JoinHandle};
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

pub(super) struct Scene {
    pub(super) hub: Arc<Hub>,
    pub(super) registry: Arc<Registry>,
    pub(super) inbox: mpsc::Receiver<Message>,
    clients: u128,
}

pub(super) struct Peer {
    inbound: Inbound,
    outbound: Outbound,
    read: VecDeque<Bytes>,
}

impl Scene {
    pub(super) async fn new() -> Self {
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

    /// A task that a worker had before this server began.
    pub(super) async fn open(&self, task: Task) {
        let worker = Some(Arc::from("server/w:before"));
        let add = TaskChange::Add { task: Arc::new(task), due: Timestamp(0), claimed_by: worker };
        let id = CommitId(Uuid::from_u128(1));
        let commit = Commit { id, time: Timestamp(0), execution: None, events: Vec::new(), tasks: vec![add] };
        self.registry.store.commit(commit).await.unwrap();
    }

    pub(super) async fn peer(&mut self, kind: Kind) -> Peer {
        self.clients += 1;
        let id = ClientId(Uuid::from_u128(self.clients));
        let (inbound, outbound) =
            self.hub.connect(kind, id, Arc::new(protocol::Identity::local()), Timestamp(0)).await.unwrap();
        let mut peer = Peer { inbound, outbound, read: VecDeque::new() };
        assert_eq!(peer.next().await["type"], "hello");
        peer
    }

    /// A worker, and what the driver got to run tasks by.
    pub(super) async fn worker(&mut self, extra: Value) -> (Peer, Vec<Arc<dyn Executor>>) {
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
    pub(super) async fn send(&mut self, frame: Value) {
        self.inbound.text(&frame.to_string(), Timestamp(0)).await;
    }

    pub(super) async fn next(&mut self) -> Value {
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

    pub(super) async fn closed(&mut self) -> u16 {
        loop {
            if let Sending::Close(close) = self.outbound.next().await {
                return close.code;
            }
        }
    }
}

pub(super) fn task(attempt: u32) -> Task {
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

pub(super) fn key(attempt: u32) -> Value {
    serde_json::to_value(task(attempt).key).unwrap()
}

pub(super) fn report(id: u32, attempt: u32) -> Value {
    let report = json!({"key": key(attempt), "outcome": "completed", "result": {"done": attempt}, "duration_ms": 7});
    json!({"type": "worker_reports", "id": id, "reports": [report]})
}

pub(super) type Running = (watch::Sender<bool>, JoinHandle<Result<Done, Lost>>);

pub(super) fn run(executor: &Arc<dyn Executor>, task: Task) -> Running {
    let (switch, cancelled) = Cancelled::pair();
    let executor = executor.clone();
    (switch, tokio::spawn(async move { executor.run(task, cancelled).await }))
}

pub(super) async fn reason((_switch, running): Running) -> String {
    running.await.unwrap().err().expect("lost").reason
}
