//! What frames are answered with is counted by code, and an error that ends its connection as that close.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod memory_log;
mod peer;

use async_trait::async_trait;
use hub::{
    Authenticator, Commands, Hub, HubConfig, Kind,
    session::{Close, EXPIRED, UNPROVEN},
};
use memory_log::MemoryLog;
use peer::{Peer, settle};
use protocol::{
    Identity, Position, Problem, Role, Timestamp,
    access::CredentialId,
    frame::{ServerFrame, close},
};
use serde_json::{Value, json};
use std::sync::Arc;

/// Knows one who may do nothing, and one whose proof has ended.
struct House;

#[async_trait]
impl Authenticator for House {
    async fn authenticate(&self, token: &str) -> Result<Identity, Problem> {
        if token == "ended" {
            return Err(Problem::new(401, "token_expired", "Expired", "come back"));
        }
        Ok(Identity {
            subject: Identity::user_subject(token),
            name: token.to_owned(),
            role: Role::Viewer,
            credential: CredentialId::Jwt,
            expires_at: None,
            protocols: None,
        })
    }
}

#[async_trait]
impl Commands for House {
    async fn call(&self, _: &Arc<Identity>, method: &str, _: Value) -> Result<Value, Problem> {
        match method {
            "wait" => std::future::pending().await,
            "well" => Ok(Value::Null),
            _ => Err(Problem::new(403, "forbidden", "Forbidden", "not yours")),
        }
    }

    async fn publish(&self, _: &Arc<Identity>, messages: Vec<Value>) -> Vec<Result<Option<Position>, Problem>> {
        messages.iter().map(|_| Err(Problem::new(403, "forbidden", "Forbidden", "not yours"))).collect()
    }
}

fn start() -> Arc<Hub> {
    let hub = Hub::new(MemoryLog::new("e1"), HubConfig::default());
    hub.set_commands(Arc::new(House));
    hub.set_authenticator(Arc::new(House));
    hub
}

async fn vera(hub: &Arc<Hub>) -> Peer {
    let mut peer = Peer::connect_unknown(hub, 1).await;
    peer.send(json!({"type": "authenticate", "token": "vera"})).await;
    assert!(matches!(peer.next().await, ServerFrame::Authenticated { .. }));
    peer
}

async fn refused(peer: &mut Peer, frame: Value) -> String {
    peer.send(frame.clone()).await;
    match peer.next().await {
        ServerFrame::Error { code, .. } => code,
        other => panic!("{frame}: {other:?}"),
    }
}

fn is(code: &str, count: u64) -> (String, u64) {
    (code.to_owned(), count)
}

#[tokio::test(start_paused = true)]
async fn frames_that_are_not_theirs_to_send() {
    let hub = start();
    let mut peer = vera(&hub).await;
    for (frame, count) in [
        (json!({"type": "subscribe", "topics": ["events"]}), 1),
        (json!({"type": "command", "id": 1, "method": "m"}), 2),
        (json!({"type": "publish", "message": {"type": "agent_state"}}), 3),
    ] {
        assert_eq!(refused(&mut peer, frame).await, "forbidden");
        assert_eq!(hub.errors(), [is("forbidden", count)]);
    }
    peer.send(json!({"type": "command", "id": 1, "method": "well"})).await;
    assert!(matches!(peer.next().await, ServerFrame::Reply { .. }));
    let mut worker = Peer::connect_as(&hub, Kind::Worker, 2).await;
    let join = json!({"type": "worker_join", "name": "w", "protocols": ["secrets"], "concurrency": 1});
    assert_eq!(refused(&mut worker, join).await, "forbidden");
    assert_eq!(hub.errors(), [is("forbidden", 4)]);
    assert_eq!(hub.closes(), []);
}

#[tokio::test(start_paused = true)]
async fn too_much_at_once_counts_before_it_ends_the_connection() {
    let hub = start();
    let mut peer = vera(&hub).await;
    for _ in 0..8 {
        peer.send(json!({"type": "command", "id": 1, "method": "wait"})).await;
    }
    settle().await;
    assert_eq!(refused(&mut peer, json!({"type": "command", "id": 2, "method": "well"})).await, "too_many_commands");
    // `authenticate` was a command as well.
    for _ in 10..100 {
        peer.send(json!({"type": "ping"})).await;
        assert!(matches!(peer.next().await, ServerFrame::Pong { .. }));
    }
    for told in 1..=50 {
        assert_eq!(refused(&mut peer, json!({"type": "ping"})).await, "rate_limited");
        assert_eq!(hub.errors(), [is("rate_limited", told), is("too_many_commands", 1)]);
    }
    peer.send(json!({"type": "ping"})).await;
    assert_eq!(peer.closed().await, close::FLOODING);
    assert_eq!(hub.errors()[0], is("rate_limited", 50), "the last one is counted as the close");
    assert!(matches!(&hub.closes()[..], [(Close { code: close::FLOODING, .. }, 1)]));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_frame_counts_before_it_ends_the_connection() {
    let hub = start();
    let mut peer = vera(&hub).await;
    for told in 1..=10 {
        assert_eq!(refused(&mut peer, json!({"type": "dance"})).await, "unknown_type");
        assert_eq!(hub.errors(), [is("unknown_type", told)]);
    }
    peer.send(json!({"type": "dance"})).await;
    assert_eq!(peer.closed().await, close::INVALID);
    assert_eq!(hub.errors(), [is("unknown_type", 10)]);
}

#[tokio::test(start_paused = true)]
async fn a_proof_that_is_none_counts_as_the_close() {
    let hub = start();
    let mut hasty = Peer::connect_unknown(&hub, 1).await;
    hasty.send(json!({"type": "ping"})).await;
    assert_eq!(hasty.closed().await, close::UNAUTHENTICATED);
    for mut peer in [Peer::connect_unknown(&hub, 2).await, vera(&hub).await] {
        peer.send(json!({"type": "authenticate", "token": "ended"})).await;
        assert_eq!(peer.closed().await, close::UNAUTHENTICATED);
    }
    assert_eq!(hub.closes(), [(EXPIRED, 2), (UNPROVEN, 1)]);
    assert_eq!(hub.errors(), []);
    // Another is told so, and stays who it was.
    let mut peer = vera(&hub).await;
    assert_eq!(refused(&mut peer, json!({"type": "authenticate", "token": "eve"})).await, "identity_changed");
    peer.inbound.tick(Timestamp(1)).await;
    assert_eq!(hub.errors(), [is("identity_changed", 1)]);
}
