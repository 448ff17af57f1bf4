//! Two real servers on one PostgreSQL and one Redis: every client sees every event once and in order, also while Redis
//! is cut off or a server is killed. `cargo xtask test` starts both and names them.

// What fails here fails the test, in helpers too.
#![allow(clippy::unwrap_used)]

mod support;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};
use store::conformance::postgres::Schema;
use support::{Served, Way};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client of a topic, which holds what it sees to the promises.
struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    topic: &'static str,
    position: u64,
    /// What memories told, in order.
    seen: Vec<u64>,
    /// What agents told.
    shown: Vec<f64>,
}

impl Client {
    async fn of(url: &str, topic: &'static str, after: Option<u64>) -> Self {
        let (socket, _) = connect_async(format!("{}/api/ws", url.replace("http", "ws"))).await.unwrap();
        let mut client = Self { socket, topic, position: after.unwrap_or(0), seen: Vec::new(), shown: Vec::new() };
        assert_eq!(client.next().await["type"], "hello");
        let request = json!({"type": "subscribe", "topics": [{"topic": topic, "after": after}]});
        client.socket.send(Message::text(request.to_string())).await.unwrap();
        let answer = client.next().await;
        assert_eq!(answer["type"], "subscribed", "{answer}");
        if after.is_none() {
            client.position = answer["topics"][0]["position"].as_u64().expect("a position");
        }
        client
    }

    async fn next(&mut self) -> Value {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("in time").expect("open").expect("no error") {
                // Where a catch-up ended: tests of what comes are not about that.
                Message::Text(text) if text.starts_with(r#"{"type":"caught_up""#) => {}
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Reads until it has seen so many durable events.
    async fn until_seen(&mut self, count: usize) {
        while self.seen.len() < count {
            self.read().await;
        }
    }

    async fn until_shown(&mut self, value: f64) {
        while self.shown.last() != Some(&value) {
            self.read().await;
        }
    }

    async fn read(&mut self) {
        let frame = self.next().await;
        assert_eq!(frame["type"], "event", "{}: {frame}", self.topic);
        let data = &frame["event"]["data"];
        if let Some(position) = frame["event"]["position"].as_u64() {
            assert!(position > self.position, "{}: {position} after {}", self.topic, self.position);
            self.position = position;
        }
        match data["importance"].as_f64() {
            Some(number) => self.seen.push(number as u64),
            None => self.shown.push(data["resourceUsage"]["cpu"].as_f64().expect("a number")),
        }
    }
}

async fn publish(http: &reqwest::Client, server: &str, message: &Value) {
    let answer = http.post(format!("{server}/api/v1/events")).json(message).send().await.expect("an answer");
    assert_eq!(answer.status(), 201);
}

/// A memory: kept.
fn memory(n: u64) -> Value {
    json!({"type": "memory_timeline", "memoryId": "m", "action": "updated", "importance": n, "tags": [], "agentId": "a"})
}

/// An agent that goes on as before: shown only, once its first has been kept.
fn usage(cpu: f64) -> Value {
    json!({"type": "agent_state", "agentId": "b", "status": "busy",
        "resourceUsage": {"cpu": cpu, "memory": 1, "activeConnections": 0}})
}

async fn bus_is(http: &reqwest::Client, server: &str, wanted: &str) {
    let asked = Instant::now();
    loop {
        let answer = http.get(format!("{server}/api/v1/websocket/status")).send().await.expect("an answer");
        let status: Value = answer.json().await.unwrap();
        if status["bus"] == wanted {
            return;
        }
        assert!(asked.elapsed() < PATIENCE, "still {}", status["bus"]);
        tokio::task::yield_now().await;
    }
}

/// A worker, joined: its connection and its name.
async fn join(url: &str) -> (WebSocketStream<MaybeTlsStream<TcpStream>>, String) {
    let mut request = format!("{}/api/ws", url.replace("http", "ws")).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "signalbox.worker".parse().unwrap());
    let (mut socket, _) = connect_async(request).await.unwrap();
    let join = json!({"type": "worker_join", "name": "w", "protocols": ["noop"], "concurrency": 1});
    socket.send(Message::text(join.to_string())).await.unwrap();
    loop {
        let message = timeout(PATIENCE, socket.next()).await.expect("in time").expect("open").expect("no error");
        let Message::Text(text) = message else { continue };
        let frame: Value = serde_json::from_str(&text).unwrap();
        if frame["type"] == "worker_joined" {
            return (socket, frame["worker"].as_str().unwrap().to_owned());
        }
    }
}

async fn workers(http: &reqwest::Client, server: &str) -> Vec<String> {
    let answer = http.get(format!("{server}/api/v1/workers")).send().await.expect("an answer");
    let list: Value = answer.json().await.unwrap();
    list["workers"].as_array().unwrap().iter().map(|worker| worker["worker"].as_str().unwrap().to_owned()).collect()
}

fn server(folder: &Path, data: &str, store: &str, bus: &str) -> Served {
    Served::start_with(folder, &["--data", data, "--store", store, "--bus", bus])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_client_sees_every_event_once_while_redis_and_servers_come_and_go() {
    const ROUND: u64 = 60;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (schema, mut way) = (Schema::fresh().await, Way::to_redis().await);
    let folder = tempfile::tempdir().unwrap();
    let (store, bus) = (schema.url(), format!("redis://{}/", way.address()));
    let mut first = server(folder.path(), "first", &store, &bus);
    let second = server(folder.path(), "second", &store, &bus);
    let (one, two) = (first.url.clone(), second.url.clone());
    let http = reqwest::Client::new();
    for url in [&one, &two] {
        bus_is(&http, url, "redis").await;
    }
    let mut memories = BTreeMap::new();
    for (at, url) in [("one", &one), ("two", &two)] {
        memories.insert(at, Client::of(url, "memory_timeline", None).await);
    }
    let mut agents = Client::of(&two, "agent:b", None).await;
    let mut said = 0;
    let round = async |servers: &[&str], said: &mut u64| {
        for n in 0..ROUND {
            publish(&http, servers[n as usize % servers.len()], &memory(*said)).await;
            *said += 1;
        }
    };

    // With Redis: what is published at either is seen at both, also what is in no log.
    round(&[&one, &two], &mut said).await;
    for client in memories.values_mut() {
        client.until_seen(said as usize).await;
    }
    for cpu in [1.0, 2.0] {
        publish(&http, &one, &usage(cpu)).await;
        agents.until_shown(cpu).await;
    }

    // A worker of one server is known at the other, while it is there.
    let (worker, name) = join(&one).await;
    for url in [&one, &two] {
        assert_eq!(workers(&http, url).await, std::slice::from_ref(&name), "{url}");
    }
    drop(worker);

    // Without: what is kept is seen all the same.
    way.cut();
    for url in [&one, &two] {
        bus_is(&http, url, "redis: away").await;
    }
    round(&[&one, &two], &mut said).await;
    for client in memories.values_mut() {
        client.until_seen(said as usize).await;
    }
    publish(&http, &one, &usage(3.0)).await;

    // Redis is back.
    way.mend().await;
    for url in [&one, &two] {
        bus_is(&http, url, "redis").await;
    }
    publish(&http, &one, &usage(4.0)).await;
    agents.until_shown(4.0).await;
    assert!(!agents.shown.contains(&3.0), "what was shown while Redis was away is gone, and nothing comes late");

    // A server is killed: its client goes on at the other, from where it was.
    let lost = memories.remove("one").expect("the first's");
    first.signal("KILL");
    first.wait();
    round(&[&two], &mut said).await;
    let mut moved = Client::of(&two, "memory_timeline", Some(lost.position)).await;
    moved.seen.clone_from(&lost.seen);
    moved.until_seen(said as usize).await;
    let mut stayed = memories.remove("two").expect("the second's");
    stayed.until_seen(said as usize).await;

    // The first comes back, and tells the other again.
    let back = server(folder.path(), "first", &store, &bus);
    bus_is(&http, &back.url, "redis").await;
    round(&[&back.url, &two], &mut said).await;
    for client in [&mut moved, &mut stayed] {
        client.until_seen(said as usize).await;
        assert_eq!(client.seen, (0..said).collect::<Vec<_>>(), "every one, once, in order");
    }
}
