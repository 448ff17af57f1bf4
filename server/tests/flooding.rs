//! Clients that send as much as they can: they are told, then turned away, and others do not notice.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

#[path = "ws/house.rs"]
mod house;
#[path = "../../crates/hub/tests/memory_log/mod.rs"]
mod memory_log;
#[path = "ws/raw.rs"]
mod raw;

use house::{TestServer, next, send, subscribe};
use memory_log::alert;
use protocol::frame::close;
use raw::{Closed, RawClient, masked};
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

const EVENTS: u64 = 300;

/// The longest an event took to somebody who behaves.
async fn slowest(server: &TestServer) -> Duration {
    let mut client = server.client().await;
    subscribe(&mut client, json!(["system_alerts"])).await;
    let mut slowest = Duration::ZERO;
    for number in 0..EVENTS {
        let began = Instant::now();
        server.publish(alert(&number.to_string())).await;
        assert_eq!(next(&mut client).await["event"]["data"]["message"], number.to_string());
        slowest = slowest.max(began.elapsed());
    }
    // Its own requests are answered as well.
    for id in 0..20 {
        let began = Instant::now();
        send(&mut client, json!({"type": "command", "id": id, "method": "echo", "params": {}})).await;
        assert_eq!(next(&mut client).await["id"], id);
        slowest = slowest.max(began.elapsed());
    }
    slowest
}

#[tokio::test]
async fn each_kind_of_flood_ends_with_its_close_code() {
    let server = TestServer::start().await;
    let command = masked(0x81, br#"{"type":"command","id":1,"method":"echo"}"#);
    let change =
        masked(0x81, br#"{"type":"unsubscribe","topics":["events","agent_states","memory_timeline","components"]}"#);
    for (name, frame, code) in [
        ("commands", command, close::FLOODING),
        ("pings of the protocol", masked(0x81, br#"{"type":"ping"}"#), close::FLOODING),
        ("pings of the WebSocket", masked(0x89, b"?"), close::FLOODING),
        ("subscription changes", change, close::FLOODING),
        ("nonsense", masked(0x81, b"{"), close::INVALID),
    ] {
        let mut raw = server.raw().await;
        raw.write(&frame.repeat(2_000)).await;
        assert_eq!(raw.closed().await, Closed::With(code), "{name}");
    }
    server.is_unharmed().await;
}

/// One thread for all: whoever takes too much of it takes it from the others.
#[tokio::test]
async fn others_get_their_events_and_answers_meanwhile() {
    let server = TestServer::start().await;
    let in_peace = slowest(&server).await;
    let over = Arc::new(AtomicBool::new(false));
    let sent = Arc::new(AtomicU64::new(0));
    let mut floods = JoinSet::new();
    // Frames nothing is refused for (they cost what they cost), and frames that get one turned away, who comes back.
    for frame in [
        masked(0x8A, b""),
        masked(0x89, b"?"),
        masked(0x81, br#"{"type":"ping"}"#),
        masked(0x81, br#"{"type":"subscribe","topics":["events"]}"#),
        masked(0x81, b"{"),
    ] {
        let (over, sent, address) = (over.clone(), sent.clone(), server.address);
        floods.spawn(async move {
            let bytes = frame.repeat(20_000);
            while !over.load(Ordering::Relaxed) {
                let mut raw = RawClient::connect(address).await;
                while !over.load(Ordering::Relaxed) && raw.try_write(&bytes).await {
                    sent.fetch_add(20_000, Ordering::Relaxed);
                }
            }
        });
    }
    let meanwhile = slowest(&server).await;
    over.store(true, Ordering::Relaxed);
    while floods.join_next().await.transpose().unwrap().is_some() {}
    let sent = sent.load(Ordering::Relaxed);
    println!("slowest of {EVENTS} events: {in_peace:?} in peace, {meanwhile:?} among {sent} frames of floods");
    assert!(sent > 100_000, "{sent}");
    assert!(meanwhile < Duration::from_secs(1), "{meanwhile:?}, {in_peace:?} in peace");
    server.is_unharmed().await;
}
