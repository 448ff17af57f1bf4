//! Connections of workers: who may join, in which order, and that what a worker is sent is bounded by what it reads.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod memory_log;
mod peer;

use async_trait::async_trait;
use bytes::Bytes;
use hub::{Gone, Hub, HubConfig, JoinedWorker, Kind, Line, Workers, session::Close};
use memory_log::MemoryLog;
use peer::{Peer, settle};
use protocol::{
    Problem,
    frame::{FromWorker, close, worker::WorkerJoin},
};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::Semaphore;

/// Notes what it hears; sends what it is given.
struct House {
    heard: Mutex<Vec<String>>,
    sends: Mutex<VecDeque<Bytes>>,
    line: Mutex<Option<Line>>,
    /// Frames it takes before it lets the connection wait.
    takes: Semaphore,
    refuses: bool,
}

impl House {
    fn note(&self, what: String) {
        self.heard.lock().unwrap().push(what);
    }

    fn heard(&self) -> Vec<String> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }

    fn send(&self, frame: Value) {
        self.sends.lock().unwrap().push_back(frame.to_string().into());
        self.line().wake();
    }

    fn waiting(&self) -> usize {
        self.sends.lock().unwrap().len()
    }

    fn line(&self) -> Line {
        self.line.lock().unwrap().clone().expect("somebody joined")
    }
}

struct Door(Arc<House>);

impl Workers for Door {
    fn join(&self, join: WorkerJoin, line: Line) -> Result<Arc<dyn JoinedWorker>, Problem> {
        if self.0.refuses {
            return Err(Problem::new(503, "stopping", "Stopping", "no more").temporary());
        }
        self.0.note(format!("join {}", join.name));
        *self.0.line.lock().unwrap() = Some(line);
        self.0.sends.lock().unwrap().push_back(json!({"type": "worker_joined"}).to_string().into());
        Ok(Arc::new(Guest(self.0.clone())))
    }
}

struct Guest(Arc<House>);

#[async_trait]
impl JoinedWorker for Guest {
    async fn frame(&self, frame: FromWorker) {
        self.0.takes.acquire().await.unwrap().forget();
        self.0.note(match frame {
            FromWorker::Join(_) => "join again".to_owned(),
            FromWorker::Reports(reports) => format!("reports {}", reports.reports.len()),
            FromWorker::Heartbeat(heartbeat) => format!("heartbeat {}", heartbeat.tasks.len()),
            FromWorker::Drain(_) => "drain".to_owned(),
        });
    }

    fn next(&self) -> Option<Bytes> {
        self.0.sends.lock().unwrap().pop_front()
    }

    fn gone(&self, why: Gone) {
        self.0.note(format!("gone {why:?}"));
    }
}

fn start(refuses: bool) -> (Arc<Hub>, Arc<House>) {
    let hub = Hub::new(MemoryLog::new("e1"), HubConfig::default());
    let house = Arc::new(House {
        heard: Mutex::default(),
        sends: Mutex::default(),
        line: Mutex::default(),
        takes: Semaphore::new(100),
        refuses,
    });
    hub.set_workers(Arc::new(Door(house.clone())));
    (hub, house)
}

fn join() -> Value {
    json!({"type": "worker_join", "name": "gpu", "protocols": ["noop"], "concurrency": 4})
}

async fn next(peer: &mut Peer) -> Value {
    serde_json::from_slice(&peer.next_bytes().await).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_worker_joins_reports_and_leaves() {
    let (hub, house) = start(false);
    let mut worker = Peer::connect_as(&hub, Kind::Worker, 1).await;
    worker.send(join()).await;
    assert_eq!(next(&mut worker).await["type"], "worker_joined");
    worker.send(json!({"type": "worker_reports"})).await;
    worker.send(json!({"type": "worker_heartbeat"})).await;
    worker.send(json!({"type": "worker_drain"})).await;
    house.send(json!({"type": "worker_draining"}));
    assert_eq!(next(&mut worker).await["type"], "worker_draining");
    drop(worker);
    assert_eq!(house.heard(), ["join gpu", "reports 0", "heartbeat 0", "drain", "gone Left"]);
}

#[tokio::test(start_paused = true)]
async fn a_worker_is_an_ordinary_client_as_well() {
    let (hub, _house) = start(false);
    let mut worker = Peer::connect_as(&hub, Kind::Worker, 1).await;
    worker.send(json!({"type": "ping", "id": 1})).await;
    assert_eq!(next(&mut worker).await, json!({"type": "pong", "id": 1}));
}

#[tokio::test(start_paused = true)]
async fn what_is_said_out_of_turn_is_refused_by_name() {
    let drain = json!({"type": "worker_drain"});
    let (hub, house) = start(false);
    for (kind, frames, code) in [
        (Kind::Client, vec![join()], "not_a_worker"),
        (Kind::Client, vec![drain.clone()], "not_a_worker"),
        (Kind::Worker, vec![drain], "worker_not_joined"),
        (Kind::Worker, vec![json!({"type": "worker_join"})], "missing_field"),
        (Kind::Worker, vec![join(), join()], "worker_joined_already"),
    ] {
        let mut peer = Peer::connect_as(&hub, kind, 1).await;
        for frame in &frames {
            peer.send(frame.clone()).await;
        }
        let mut answer = next(&mut peer).await;
        if answer["type"] == "worker_joined" {
            answer = next(&mut peer).await;
        }
        assert_eq!(answer["type"], "error", "{frames:?}");
        assert_eq!(answer["code"], code, "{frames:?}");
    }
    assert_eq!(house.heard(), ["join gpu", "gone Left"], "only the one that joined was heard");
}

#[tokio::test(start_paused = true)]
async fn a_join_that_cannot_be_names_its_field() {
    let (hub, house) = start(false);
    for (field, value) in [
        ("name", json!(" ")),
        ("name", json!("a\nb")),
        ("name", json!("x".repeat(101))),
        ("version", json!("x".repeat(101))),
        ("protocols", json!([])),
        ("protocols", json!(vec!["noop"; 65])),
        ("protocols[1]", json!(["noop", "no op"])),
        ("protocols[0]", json!([""])),
        ("concurrency", json!(0)),
        ("concurrency", json!(10_001)),
        ("concurrency", json!(-1)),
        ("concurrency_of.python", json!({"python": 1})),
        ("concurrency_of.noop", json!({"noop": 0})),
        ("concurrency_of.noop", json!({"noop": 5})),
        ("tasks[0]", json!([4])),
    ] {
        let mut peer = Peer::connect_as(&hub, Kind::Worker, 1).await;
        let mut frame = join();
        frame[field.split(['[', '.']).next().unwrap()] = value.clone();
        peer.send(frame).await;
        let answer = next(&mut peer).await;
        assert_eq!(answer["code"], "invalid_field", "{field} {value}: {answer}");
        assert!(answer["message"].as_str().unwrap().contains(&format!("`{field}")), "{field}: {answer}");
    }
    assert!(house.heard().is_empty());
}

#[tokio::test(start_paused = true)]
async fn nobody_joins_for_what_is_the_servers_own() {
    let (hub, house) = start(false);
    for own in ["secrets", "playbook"] {
        let mut peer = Peer::connect_as(&hub, Kind::Worker, 1).await;
        let mut frame = join();
        frame["protocols"] = json!(["noop", own]);
        peer.send(frame).await;
        let answer = next(&mut peer).await;
        assert_eq!((answer["code"].as_str(), answer["temporary"].as_bool()), (Some("forbidden"), Some(false)));
        let message = answer["message"].as_str().unwrap();
        assert!(message.contains("`protocols[1]`") && message.contains(&format!("`{own}`")), "{message}");
        // It may join for what is anybody's.
        peer.send(join()).await;
        assert_eq!(next(&mut peer).await["type"], "worker_joined");
    }
    assert_eq!(house.heard(), ["join gpu", "gone Left"].repeat(2));
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_is_not_taken_in_is_told_and_comes_back() {
    let (hub, _house) = start(true);
    let mut worker = Peer::connect_as(&hub, Kind::Worker, 1).await;
    worker.send(join()).await;
    let answer = next(&mut worker).await;
    assert_eq!((answer["code"].as_str(), answer["temporary"].as_bool()), (Some("stopping"), Some(true)));
    assert_eq!(worker.closed().await, close::DRAINING);
}

#[tokio::test(start_paused = true)]
async fn what_a_worker_is_sent_waits_where_it_came_from_while_it_does_not_read() {
    let (hub, house) = start(false);
    let mut worker = Peer::connect_as(&hub, Kind::Worker, 1).await;
    worker.send(join()).await;
    assert_eq!(next(&mut worker).await["type"], "worker_joined");
    for number in 0..100 {
        house.send(json!({"type": "worker_tasks", "number": number, "bulk": "x".repeat(20_000)}));
    }
    settle().await;
    assert_eq!(house.waiting(), 100, "nothing is taken before the socket asks");
    assert_eq!(next(&mut worker).await["number"], 0);
    assert!(house.waiting() >= 95, "about a batch was taken: {} are left", house.waiting());
    assert!(worker.outbound.held_bytes() <= 100_000, "{}", worker.outbound.held_bytes());
    for number in 1..100 {
        assert_eq!(next(&mut worker).await["number"], number);
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_is_not_read_from_while_its_frame_is_dealt_with() {
    let (hub, house) = start(false);
    let mut worker = Peer::connect_as(&hub, Kind::Worker, 1).await;
    worker.send(join()).await;
    house.takes.forget_permits(100);
    let frame = json!({"type": "worker_heartbeat"});
    let sending = worker.send(frame.clone());
    assert!(tokio::time::timeout(Duration::from_secs(5), sending).await.is_err());
    house.takes.add_permits(1);
    worker.send(frame).await;
    assert_eq!(house.heard(), ["join gpu", "heartbeat 0"]);
}

#[tokio::test(start_paused = true)]
async fn the_house_can_end_a_connection() {
    let (hub, house) = start(false);
    let mut worker = Peer::connect_as(&hub, Kind::Worker, 1).await;
    worker.send(join()).await;
    house.line().close(Close { code: close::LEASE, reason: "not heard of" });
    assert_eq!(worker.closed().await, close::LEASE);
    assert_eq!(house.heard(), ["join gpu", "gone Left"]);
    settle().await;
    assert_eq!(house.line().client(), None);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_goes_away_says_so_to_the_house() {
    let (hub, house) = start(false);
    let mut worker = Peer::connect_as(&hub, Kind::Worker, 1).await;
    worker.send(join()).await;
    let draining = tokio::spawn({
        let hub = hub.clone();
        async move { hub.drain().await }
    });
    assert_eq!(worker.closed().await, close::DRAINING);
    draining.await.unwrap();
    assert_eq!(house.heard(), ["join gpu", "gone ServerDrains"]);
}

#[tokio::test(start_paused = true)]
async fn workers_may_send_what_a_result_takes_and_others_may_not() {
    let (hub, house) = start(false);
    let bulk = json!({"type": "worker_heartbeat", "bulk": "x".repeat(1 << 20)});
    let mut worker = Peer::connect_as(&hub, Kind::Worker, 1).await;
    worker.send(join()).await;
    worker.send(bulk.clone()).await;
    assert_eq!(house.heard(), ["join gpu", "heartbeat 0"]);
    let mut client = Peer::connect(&hub, 2).await;
    client.send(bulk).await;
    assert_eq!(client.closed().await, 1009);
    assert_eq!(hub.limits(Kind::Worker).frame_bytes, 20 << 20);
}
