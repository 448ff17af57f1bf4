//! Random histories of a real server: clients subscribe, stop reading, drop and come back while other programs publish
//! and the server is killed again and again. For each client and topic nothing is missing, double or out of order, or
//! a gap was told that is true. What is true is in the log, which is read when all is over.
//!
//! By default a small story; `SIGNALBOX_FULL=1` runs the whole: 40 clients, 30 blows. `crates/hub/tests/history.rs`
//! does the same to the hub alone, in virtual time and on sockets that take what they like.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

#[path = "history/client.rs"]
mod client;
#[path = "support/mod.rs"]
mod support;
#[path = "history/world.rs"]
mod world;

use client::Client;
use serde_json::{Value, json};
use std::{path::Path, time::Duration};
use support::{Dice, Served};
use tokio::task::JoinSet;
use world::{State, World};

/// All is over by then, or stuck.
const PEACE: Duration = Duration::from_secs(300);

struct Size {
    clients: u64,
    blows: u64,
    /// Batches published between two blows, at most.
    batches: u64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_client_sees_each_event_of_its_topics_once_and_in_order() {
    let size = if std::env::var("SIGNALBOX_FULL").is_ok_and(|full| full == "1") {
        Size { clients: 40, blows: 30, batches: 60 }
    } else {
        Size { clients: 12, blows: 5, batches: 30 }
    };
    let mut dice = Dice::seeded(0x5161_0006);
    let folder = tempfile::tempdir().unwrap();
    let mut server = start(folder.path()).await;
    let world = World::new(&server.url);
    let mut clients = JoinSet::new();
    for number in 0..size.clients {
        clients.spawn(Client::new(number, world.clone(), Dice::of(dice.below(u64::MAX) | 1)).live());
    }
    for blow in 0..=size.blows {
        for _ in 0..dice.below(size.batches) + 5 {
            publish(&world, &mut dice).await;
        }
        if blow == size.blows {
            break;
        }
        // In the middle of a commit, as often as not. Losing the bus between servers belongs here too, once there is
        // one: a server that cannot hear of the others' commits.
        let late = publish(&world, &mut dice);
        let strike = strike(&mut server, folder.path(), &world, blow % 3 == 2);
        tokio::join!(late, strike);
    }
    let truth = world.read_truth().await;
    assert!(truth.values().map(Vec::len).sum::<usize>() > 500, "something was published");
    world.set(State::Over(truth));
    let (mut events, mut gaps) = (0, 0);
    tokio::time::timeout(PEACE, async {
        while let Some(ended) = clients.join_next().await {
            let told = ended.unwrap();
            (events, gaps) = (events + told.0, gaps + told.1);
        }
    })
    .await
    .expect("every client comes to its end");
    println!("{} clients were told {events} events and {gaps} gaps over {} blows", size.clients, size.blows);
    assert!(events > 1_000, "{events}");
}

/// The server falls, or is told to go, and another stands in its place.
async fn strike(server: &mut Served, folder: &Path, world: &World, kindly: bool) {
    world.set(State::Down);
    if kindly {
        server.signal("TERM");
    } else {
        server.signal("KILL");
    }
    let gone = tokio::task::block_in_place(|| server.wait());
    assert_eq!(gone, if kindly { Some(0) } else { None });
    *server = start(folder).await;
    world.set(State::Up(server.url.clone()));
}

async fn start(folder: &Path) -> Served {
    tokio::task::block_in_place(|| Served::start(folder, "data"))
}

/// One batch; whether it was kept is seen in the log. Small messages and large ones, of all kinds that are kept.
async fn publish(world: &World, dice: &mut Dice) {
    let count = dice.below(8) + 1;
    let messages: Vec<Value> = (0..count).map(|_| message(dice)).collect();
    world.publish(&Value::Array(messages)).await;
}

fn message(dice: &mut Dice) -> Value {
    let agent = ["a", "b", "c"][dice.below(3) as usize];
    let bytes = [10, 10, 200, 1_500, 40_000][dice.below(5) as usize];
    match dice.below(4) {
        0 => json!({"type": "memory_timeline", "memoryId": "m", "action": "created", "content": "x".repeat(bytes),
            "importance": 0.5, "tags": [], "agentId": agent}),
        1 => json!({"type": "system_alert", "severity": "info", "component": "test",
            "message": "y".repeat(bytes.min(10_000))}),
        2 => json!({"type": "agent_state", "agentId": agent, "status": "busy",
            "currentTask": format!("task {}", dice.below(1_000_000)),
            "resourceUsage": {"cpu": 1, "memory": 2, "activeConnections": 3}}),
        _ => json!({"type": "workflow_execution", "workflowId": "w", "executionId": "e", "stage": "s",
            "status": "running", "progress": 10, "agentId": agent}),
    }
}
