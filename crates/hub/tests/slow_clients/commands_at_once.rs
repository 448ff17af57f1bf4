//! Commands that are asked for faster than they are done, and answers that are not read.

use crate::{peer::Peer, start};
use hub::HubConfig;
use protocol::{Position, frame::ServerFrame};
use serde_json::json;
use std::{sync::Arc, time::Duration};

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
