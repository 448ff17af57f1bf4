//! Random histories of real servers: clients subscribe, stop reading, drop and come back while other programs publish
//! and servers are killed again and again. For each client and topic nothing is missing, double or out of order, or
//! a gap was told that is true. What is true is in the log, which is read when all is over.
//!
//! One story has one server; in the other, two share a PostgreSQL and a Redis, and the ways to that are cut and mended.
//! By default they are small; `SIGNALBOX_FULL=1` runs the whole: 40 clients, 30 blows. `crates/hub/tests/history.rs`
//! does the same to the hub alone, in virtual time and on sockets that take what they like.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

#[path = "history/alone.rs"]
mod alone;
#[path = "history/client.rs"]
mod client;
#[path = "support/mod.rs"]
mod support;
#[path = "history/together.rs"]
mod together;
#[path = "history/world.rs"]
mod world;

use client::Client;
use serde_json::{Value, json};
use std::time::Duration;
use support::Dice;
use tokio::task::JoinSet;
use world::World;

/// All is over by then, or stuck.
const PEACE: Duration = Duration::from_secs(300);

struct Size {
    clients: u64,
    blows: u64,
    /// Batches published between two blows, at most.
    batches: u64,
}

impl Size {
    fn of_today() -> Self {
        if std::env::var("SIGNALBOX_FULL").is_ok_and(|full| full == "1") {
            Self { clients: 40, blows: 30, batches: 60 }
        } else {
            Self { clients: 12, blows: 5, batches: 30 }
        }
    }
}

/// What clients come to know, each of whom is checked at its end.
struct Clients(JoinSet<(usize, usize)>);

impl Clients {
    fn of(size: &Size, world: &World, dice: &mut Dice) -> Self {
        let mut clients = JoinSet::new();
        for number in 0..size.clients {
            clients.spawn(Client::new(number, world.clone(), Dice::of(dice.below(u64::MAX) | 1)).live());
        }
        Self(clients)
    }

    /// Nothing more happens: they read to the end. How many events and gaps they were told.
    async fn end(mut self, world: &World) -> (usize, usize) {
        let truth = world.read_truth().await;
        assert!(truth.values().map(Vec::len).sum::<usize>() > 500, "something was published");
        world.over(truth);
        let (mut events, mut gaps) = (0, 0);
        tokio::time::timeout(PEACE, async {
            while let Some(ended) = self.0.join_next().await {
                let told = ended.unwrap();
                (events, gaps) = (events + told.0, gaps + told.1);
            }
        })
        .await
        .expect("every client comes to its end");
        println!("they were told {events} events and {gaps} gaps");
        assert!(events > 1_000, "{events}");
        assert!(gaps > 0, "those who came from another log were told so");
        (events, gaps)
    }
}

async fn publish_some(world: &World, dice: &mut Dice, size: &Size) {
    for _ in 0..dice.below(size.batches) + 5 {
        publish(world, dice).await;
    }
}

/// One batch; whether it was kept is seen in the log. Small messages and large ones, of all kinds that are kept.
async fn publish(world: &World, dice: &mut Dice) {
    let count = dice.below(8) + 1;
    let messages: Vec<Value> = (0..count).map(|_| message(dice)).collect();
    world.publish(dice.below(60), &Value::Array(messages)).await;
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
