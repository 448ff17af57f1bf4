//! Commands that are asked for faster than they are done, and answers that are not read.

use crate::{
    peer::{Peer, settle},
    start,
};
use hub::{Commands, Hub, HubConfig};
use protocol::{Identity, Position, Problem, frame::ServerFrame};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// Commands that take ten seconds.
pub(crate) struct Slow;

#[async_trait::async_trait]
impl hub::Commands for Slow {
    async fn call(
        &self,
        _: &Arc<protocol::Identity>,
        method: &str,
        _: serde_json::Value,
    ) -> Result<serde_json::Value, protocol::Problem> {
        tokio::time::sleep(Duration::from_secs(10)).await;
        Ok(json!(method))
    }

    async fn publish(
        &self,
        _: &Arc<protocol::Identity>,
        messages: Vec<serde_json::Value>,
    ) -> Vec<Result<Option<Position>, protocol::Problem>> {
        tokio::time::sleep(Duration::from_secs(10)).await;
        messages.iter().map(|_| Ok(None)).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn commands_at_once_are_limited_and_answered_when_done() {
    let (hub, _log) = start(HubConfig::default()).await;
    let mut peer = Peer::connect(&hub, 1).await;
    for id in 0..10 {
        peer.send(json!({"type": "command", "id": id, "method": "m"})).await;
    }
    for id in [8, 9] {
        match peer.next().await {
            ServerFrame::Error { id: of, code, temporary, .. } => {
                assert_eq!((of, code.as_str(), temporary), (Some(json!(id)), "too_many_commands", true));
            }
            other => panic!("{other:?}"),
        }
    }
    let mut replied = Vec::new();
    for _ in 0..8 {
        match peer.next().await {
            ServerFrame::Reply { id, .. } => replied.push(id.as_u64().unwrap()),
            other => panic!("{other:?}"),
        }
    }
    replied.sort_unstable();
    assert_eq!(replied, [0, 1, 2, 3, 4, 5, 6, 7]);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_its_answers_is_not_read_from() {
    let mut config = HubConfig::default();
    config.limits.queue_bytes = 4_000;
    let (hub, _log) = start(config).await;
    let mut peer = Peer::connect(&hub, 1).await;
    let id = "x".repeat(250);
    let stuck = tokio::time::timeout(Duration::from_secs(5), async {
        for _ in 0..50 {
            peer.send(json!({"type": "ping", "id": id})).await;
        }
    });
    assert!(stuck.await.is_err(), "fifty answers do not fit");
    assert!(peer.outbound.held_bytes() <= 4_000);
    peer.next().await;
    let goes_on = tokio::time::timeout(Duration::from_secs(5), peer.send(json!({"type": "ping"})));
    assert!(goes_on.await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn messages_that_wait_are_bounded_in_memory_whatever_their_number() {
    let (hub, _log) = start(HubConfig::default()).await;
    let mut peer = Peer::connect(&hub, 1).await;
    // 40 KB of text, and some 16 times that when it is read.
    let message = json!({"type": "agent_state", "metadata": {"all": vec![0; 20_000]}});
    let all_at_once = tokio::time::timeout(Duration::from_secs(5), async {
        for id in 0..10 {
            peer.send(json!({"type": "publish", "id": id, "message": message})).await;
        }
    });
    assert!(all_at_once.await.is_err(), "ten do not fit");
    let mut published = 0;
    while let Ok(frame) = tokio::time::timeout(Duration::from_secs(60), peer.next()).await {
        assert!(matches!(frame, ServerFrame::Published { .. }), "{frame:?}");
        published += 1;
        if published == 3 {
            break;
        }
    }
    assert_eq!(published, 3, "those that fit are done");
    let goes_on =
        tokio::time::timeout(Duration::from_secs(5), peer.send(json!({"type": "publish", "message": message})));
    assert!(goes_on.await.is_ok());
}

/// A page of history, as far as size goes.
const LARGE: usize = 1_000_000;

/// Commands with large answers.
struct Large;

#[async_trait::async_trait]
impl Commands for Large {
    async fn call(&self, _: &Arc<Identity>, _: &str, _: Value) -> Result<Value, Problem> {
        Ok(json!("x".repeat(LARGE)))
    }

    async fn publish(&self, _: &Arc<Identity>, _: Vec<Value>) -> Vec<Result<Option<Position>, Problem>> {
        Vec::new()
    }
}

async fn asked() -> (Arc<Hub>, Peer) {
    let hub = Hub::new(crate::memory_log::MemoryLog::new("e1"), HubConfig::default());
    hub.set_commands(Arc::new(Large));
    let mut peer = Peer::connect(&hub, 1).await;
    for id in 0..8 {
        peer.send(json!({"type": "command", "id": id, "method": "m"})).await;
    }
    settle().await;
    (hub, peer)
}

#[tokio::test(start_paused = true)]
async fn of_large_answers_that_are_not_read_one_is_held() {
    let (_hub, mut peer) = asked().await;
    let held = peer.outbound.held_bytes();
    assert!((LARGE..LARGE + LARGE / 2).contains(&held), "{held} bytes");
    let next = tokio::time::timeout(Duration::from_secs(5), peer.send(json!({"type": "ping"})));
    assert!(next.await.is_err(), "it is not read from");
    let mut replied = Vec::new();
    for _ in 0..9 {
        match peer.next().await {
            ServerFrame::Reply { id, .. } => replied.push(id.as_u64().unwrap()),
            ServerFrame::Pong { .. } => {}
            other => panic!("{other:?}"),
        }
        settle().await;
        assert!(peer.outbound.held_bytes() < 3 * LARGE, "one on its way, and one that waits");
    }
    replied.sort_unstable();
    assert_eq!(replied, [0, 1, 2, 3, 4, 5, 6, 7]);
    peer.send(json!({"type": "command", "id": 8, "method": "m"})).await;
    assert!(matches!(peer.next().await, ServerFrame::Reply { id, .. } if id == 8), "its place is free again");
}

#[tokio::test(start_paused = true)]
async fn answers_that_wait_for_a_client_that_is_gone_keep_nobody_waiting() {
    let (hub, peer) = asked().await;
    drop(peer);
    let began = Instant::now();
    hub.shutdown().await;
    assert_eq!(began.elapsed(), Duration::ZERO);
}
