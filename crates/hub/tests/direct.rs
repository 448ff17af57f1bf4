//! Connections with a socket of their own: what is written at once, what waits, what is compressed, how it ends.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod memory_log;
mod memory_wire;

use hub::{Hub, HubConfig, Inbound, Kind, Lost, Reads, Wire};
use memory_log::{MemoryLog, Random, alert, step};
use memory_wire::{Frame, Frames, MemoryWire};
use protocol::{ClientId, Identity, Timestamp};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    io::{self, ErrorKind, IoSlice},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{sync::Notify, task::JoinHandle};
use uuid::Uuid;

const PLAIN: Reads = Reads { deflate: false, batch: false };

/// Takes everything, write by write, unless it is full.
#[derive(Default)]
struct Writes {
    writes: Mutex<VecDeque<Vec<u8>>>,
    full: AtomicBool,
    /// Bytes it takes at once; 0: all.
    at_once: AtomicU64,
    changed: Notify,
    emptied: Notify,
}

impl Writes {
    fn set_full(&self, full: bool) {
        self.full.store(full, Ordering::Relaxed);
        self.emptied.notify_one();
    }

    async fn next(&self) -> Vec<u8> {
        loop {
            if let Some(bytes) = self.writes.lock().unwrap().pop_front() {
                return bytes;
            }
            tokio::time::timeout(Duration::from_secs(60), self.changed.notified()).await.expect("a write");
        }
    }
}

#[async_trait::async_trait]
impl Wire for Writes {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        if self.full.load(Ordering::Relaxed) {
            return Err(ErrorKind::WouldBlock.into());
        }
        let at_once = usize::try_from(self.at_once.load(Ordering::Relaxed)).unwrap();
        let count = if at_once > 0 { bytes.len().min(at_once) } else { bytes.len() };
        self.writes.lock().unwrap().push_back(bytes[..count].to_vec());
        self.changed.notify_one();
        Ok(count)
    }

    fn try_write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let joined: Vec<u8> = pieces.iter().flat_map(|piece| piece.iter().copied()).collect();
        self.try_write(&joined)
    }

    async fn writable(&self) -> io::Result<()> {
        while self.full.load(Ordering::Relaxed) {
            self.emptied.notified().await;
        }
        Ok(())
    }
}

struct Client {
    inbound: Inbound,
    wire: Arc<Writes>,
    frames: Frames,
    read: VecDeque<Frame>,
    running: JoinHandle<Result<(), Lost>>,
}

impl Client {
    /// Connected and subscribed to everything.
    async fn connect(hub: &Arc<Hub>, number: u64, reads: Reads) -> Self {
        let id = ClientId(Uuid::from_u128(u128::from(number)));
        let who = Arc::new(Identity::local());
        let (inbound, outbound) = hub.connect(Kind::Client, id, who, Timestamp(0)).await.unwrap();
        let wire = Arc::new(Writes::default());
        let running = tokio::spawn(outbound.over(wire.clone(), reads).run());
        let mut client = Self { inbound, wire, frames: Frames::default(), read: VecDeque::new(), running };
        client.inbound.text(r#"{"type":"subscribe","topics":["events"]}"#, Timestamp(0)).await;
        let mut told = Vec::new();
        while told.len() < 2 {
            told.extend(client.lines().await);
        }
        assert_eq!((&told[0]["type"], &told[1]["type"]), (&json!("hello"), &json!("subscribed")));
        settle().await;
        client
    }

    async fn frame(&mut self) -> Frame {
        loop {
            if let Some(frame) = self.read.pop_front() {
                return frame;
            }
            let bytes = self.wire.next().await;
            self.read.extend(self.frames.feed(&bytes));
        }
    }

    /// The frames of the next message.
    async fn lines(&mut self) -> Vec<Value> {
        match self.frame().await {
            Frame::Text(text) => text.split('\n').map(|line| serde_json::from_str(line).unwrap()).collect(),
            other => panic!("{other:?}"),
        }
    }

    async fn json(&mut self) -> Value {
        match self.frame().await {
            Frame::Text(json) => serde_json::from_str(&json).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    async fn position(&mut self) -> u64 {
        let frame = self.json().await;
        frame["event"]["position"].as_u64().unwrap_or_else(|| panic!("{frame}"))
    }
}

/// Every task that can run does so.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

fn start() -> (Arc<Hub>, Arc<MemoryLog>) {
    let log = MemoryLog::new("e1");
    (Hub::new(log.clone(), HubConfig::default()), log)
}

#[tokio::test(start_paused = true)]
async fn what_is_published_together_is_one_write_for_each_subscriber() {
    let (hub, log) = start();
    let mut clients = [Client::connect(&hub, 1, PLAIN).await, Client::connect(&hub, 2, PLAIN).await];
    let batch = (0..10).flat_map(|_| log.commit(alert("x"))).collect();
    hub.publish(batch).await;
    for client in &mut clients {
        let bytes = client.wire.next().await;
        assert_eq!(client.frames.feed(&bytes).len(), 10, "one write");
    }
}

fn positions(frames: &[Value]) -> Vec<u64> {
    frames.iter().map(|frame| frame["event"]["position"].as_u64().unwrap_or_else(|| panic!("{frame}"))).collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_published_together_is_one_message_for_who_reads_batches() {
    let (hub, log) = start();
    let batch = Reads { batch: true, ..PLAIN };
    let mut clients = [Client::connect(&hub, 1, batch).await, Client::connect(&hub, 2, batch).await];
    hub.publish((0..10).flat_map(|_| log.commit(alert("x"))).collect()).await;
    for client in &mut clients {
        assert_eq!(positions(&client.lines().await), (1..=10).collect::<Vec<_>>());
        // What waits while the socket is full is written together as well, answers first.
        client.wire.set_full(true);
    }
    for _ in 0..5 {
        hub.publish(log.commit(alert("x"))).await;
        settle().await;
    }
    for client in &mut clients {
        client.inbound.text(r#"{"type":"ping","id":1}"#, Timestamp(0)).await;
        client.inbound.text(r#"{"type":"ping","id":2}"#, Timestamp(0)).await;
        client.wire.set_full(false);
        let mut seen = Vec::new();
        while seen.len() < 7 {
            let lines = client.lines().await;
            seen.push(lines.len());
            seen.resize(seen.len() + lines.len() - 1, 0);
        }
        // The first was on its way already.
        assert_eq!(seen, [1, 6, 0, 0, 0, 0, 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_was_begun_is_finished_and_the_rest_dropped_for_the_log() {
    for deflate in [false, true] {
        let (hub, log) = start();
        let mut client = Client::connect(&hub, 1, Reads { deflate, batch: true }).await;
        client.wire.at_once.store(100, Ordering::Relaxed);
        // With one among them that is compressed by itself.
        let texts = ["x", "y", &"much the same ".repeat(200), "z"];
        hub.publish(texts.iter().flat_map(|text| log.commit(alert(text))).collect()).await;
        settle().await;
        client.wire.set_full(true);
        client.wire.at_once.store(0, Ordering::Relaxed);
        let text = "y".repeat(10_000);
        for _ in 0..200 {
            hub.publish(log.commit(alert(&text))).await;
        }
        settle().await;
        assert_eq!(hub.health().catch_ups, 1);
        client.wire.set_full(false);
        let mut seen = Vec::new();
        while seen.len() < 204 {
            seen.extend(positions(&client.lines().await));
        }
        assert_eq!(seen, (1..=204).collect::<Vec<_>>());
        hub.publish(log.commit(step(1, "p"))).await;
        assert_eq!(client.position().await, 205);
    }
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_was_begun_is_finished_and_the_rest_dropped_for_the_log() {
    let (hub, log) = start();
    let mut client = Client::connect(&hub, 1, PLAIN).await;
    client.wire.at_once.store(100, Ordering::Relaxed);
    hub.publish(log.commit(alert(&"x".repeat(1_000)))).await;
    settle().await;
    client.wire.set_full(true);
    client.wire.at_once.store(0, Ordering::Relaxed);
    // More than is held for one client.
    let text = "y".repeat(10_000);
    for _ in 0..200 {
        hub.publish(log.commit(alert(&text))).await;
    }
    settle().await;
    assert_eq!(hub.health().catch_ups, 1);
    client.wire.set_full(false);
    for position in 1..=201 {
        assert_eq!(client.position().await, position);
    }
    hub.publish(log.commit(step(1, "p"))).await;
    assert_eq!(client.position().await, 202);
}

#[tokio::test(start_paused = true)]
async fn an_event_and_its_projection_are_not_parted_by_a_cut() {
    let (hub, log) = start();
    let id = ClientId(Uuid::from_u128(9));
    let who = Arc::new(Identity::local());
    let (mut inbound, outbound) = hub.connect(Kind::Client, id, who, Timestamp(0)).await.unwrap();
    let wire = Arc::new(Writes::default());
    let running = tokio::spawn(outbound.over(wire.clone(), PLAIN).run());
    let mut client = Client { inbound, wire, frames: Frames::default(), read: VecDeque::new(), running };
    client.json().await;
    inbound = client.inbound;
    inbound.text(r#"{"type":"subscribe","topics":["events","workflow_executions"]}"#, Timestamp(0)).await;
    client.inbound = inbound;
    client.json().await;
    settle().await;
    // The event goes, and its projection, which has the same position, does not fit any more.
    let pair = log.commit(step(1, "p"));
    let length = serde_json::to_vec(&*pair[0]).unwrap().len() as u64;
    client.wire.at_once.store(length + 80, Ordering::Relaxed);
    hub.publish(pair).await;
    client.wire.set_full(true);
    client.wire.at_once.store(0, Ordering::Relaxed);
    for _ in 0..200 {
        hub.publish(log.commit(alert(&"y".repeat(10_000)))).await;
    }
    settle().await;
    assert_eq!(hub.health().catch_ups, 1);
    client.wire.set_full(false);
    let mut seen = Vec::new();
    for _ in 0..4 {
        let frame = client.json().await;
        seen.push((frame["event"]["position"].as_u64().unwrap(), frame["event"]["type"].as_str().unwrap().to_owned()));
    }
    let expected = [(1, "step_started"), (1, "workflow_execution"), (2, "system_alert"), (3, "system_alert")];
    assert_eq!(seen, expected.map(|(position, name)| (position, name.to_owned())));
}

#[tokio::test(start_paused = true)]
async fn large_messages_are_compressed_for_who_reads_that() {
    let (hub, log) = start();
    let (mut plain, mut packed) =
        (Client::connect(&hub, 1, PLAIN).await, Client::connect(&hub, 2, Reads { deflate: true, ..PLAIN }).await);
    hub.publish(log.commit(alert(&"much the same ".repeat(200)))).await;
    let (one, two) = (plain.wire.next().await, packed.wire.next().await);
    assert_eq!((one[0], two[0]), (0x81, 0xC1));
    assert!(two.len() < one.len() / 5, "{} and {}", two.len(), one.len());
    assert_eq!(plain.frames.feed(&one), packed.frames.feed(&two));
    hub.publish(log.commit(alert("short"))).await;
    assert_eq!(packed.wire.next().await, plain.wire.next().await);
}

#[tokio::test(start_paused = true)]
async fn pings_are_answered_the_newest_at_least_and_before_events() {
    let (hub, log) = start();
    let mut client = Client::connect(&hub, 1, PLAIN).await;
    client.inbound.ping(b"one".to_vec().into(), Timestamp(1)).await;
    assert_eq!(client.frame().await, Frame::Pong(b"one".to_vec()));
    client.wire.set_full(true);
    hub.publish(log.commit(alert("x"))).await;
    settle().await;
    for payload in ["two", "three"] {
        client.inbound.ping(payload.as_bytes().to_vec().into(), Timestamp(2)).await;
    }
    client.wire.set_full(false);
    let mut pongs = Vec::new();
    for _ in 0..2 {
        if let Frame::Pong(payload) = client.frame().await {
            pongs.push(payload);
        }
    }
    assert_eq!(pongs, [b"three".to_vec()]);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_given_up() {
    let (hub, log) = start();
    let client = Client::connect(&hub, 1, PLAIN).await;
    client.wire.set_full(true);
    hub.publish(log.commit(alert("x"))).await;
    let began = tokio::time::Instant::now();
    assert_eq!(client.running.await.unwrap(), Err(Lost));
    assert!((29..40).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    drop(client.inbound);
    settle().await;
    assert_eq!(hub.health().connections, 0);
}

#[tokio::test(start_paused = true)]
async fn the_close_comes_last_and_ends_it() {
    let (hub, _log) = start();
    let mut client = Client::connect(&hub, 1, PLAIN).await;
    client.inbound.text(r#"{"type":"ping","id":1}"#, Timestamp(0)).await;
    client.inbound.close(4000, "come back");
    assert_eq!(client.json().await, json!({"type": "pong", "id": 1}));
    let payload = [&4000_u16.to_be_bytes()[..], b"come back"].concat();
    assert_eq!(client.frame().await, Frame::Close(payload));
    assert_eq!(client.running.await.unwrap(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn many_subscribers_of_different_topics_get_theirs() {
    let (hub, log) = start();
    let mut clients = Vec::new();
    for number in 0..300_u64 {
        let id = ClientId(Uuid::from_u128(1_000 + u128::from(number)));
        let who = Arc::new(Identity::local());
        let (mut inbound, outbound) = hub.connect(Kind::Client, id, who, Timestamp(0)).await.unwrap();
        let wire = MemoryWire::new(1 << 20, Random::new(number + 1));
        tokio::spawn(outbound.over(wire.clone(), Reads { deflate: number % 2 == 0, ..PLAIN }).run());
        let topic = format!("execution:{}", memory_log::execution_id(number % 7));
        inbound.text(&json!({"type": "subscribe", "topics": [topic]}).to_string(), Timestamp(0)).await;
        clients.push((inbound, wire, Frames::default(), number % 7));
    }
    settle().await;
    // More events than fit one turn.
    let batch = (0..210).flat_map(|number| log.commit(step(number % 7, "p"))).collect();
    hub.publish(batch).await;
    for (_inbound, wire, frames, execution) in &mut clients {
        let mut positions = Vec::new();
        while positions.len() < 30 {
            let bytes = tokio::time::timeout(Duration::from_secs(60), wire.read()).await.expect("all of its events");
            for frame in frames.feed(&bytes) {
                let Frame::Text(json) = frame else { panic!("{frame:?}") };
                let json: Value = serde_json::from_str(&json).unwrap();
                positions.extend(json["event"]["position"].as_u64());
            }
        }
        let expected: Vec<u64> = (0..30).map(|round| round * 7 + *execution + 1).collect();
        assert_eq!(positions, expected);
    }
}
