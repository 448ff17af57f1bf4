//! A client that reads when told to, for tests of one behaviour.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]

use bytes::Bytes;
use futures::FutureExt;
use hub::{Hub, Inbound, Kind, Outbound, Outgoing, Sending};
use protocol::{ClientId, Identity, Position, Timestamp, frame::ServerFrame};
use serde_json::Value;
use std::{collections::VecDeque, sync::Arc, time::Duration};
use uuid::Uuid;

pub struct Peer {
    pub inbound: Inbound,
    pub outbound: Outbound,
    read: VecDeque<Bytes>,
    /// Where catch-ups ended that were asked for. Noted as it comes, and no part of what [`Peer::next`] gives.
    pub caught_up: Vec<Position>,
}

impl Peer {
    /// Connected, `hello` read.
    pub async fn connect(hub: &Arc<Hub>, number: u64) -> Self {
        Self::connect_as(hub, Kind::Client, number).await
    }

    pub async fn connect_as(hub: &Arc<Hub>, kind: Kind, number: u64) -> Self {
        Self::connect_with(hub, kind, Some(Arc::new(Identity::local())), number).await
    }

    /// Nobody knows yet who it is.
    pub async fn connect_unknown(hub: &Arc<Hub>, number: u64) -> Self {
        Self::connect_with(hub, Kind::Client, None, number).await
    }

    async fn connect_with(hub: &Arc<Hub>, kind: Kind, who: Option<Arc<Identity>>, number: u64) -> Self {
        let id = ClientId(Uuid::from_u128(u128::from(number)));
        let (inbound, outbound) = hub.connect(kind, id, who, Timestamp(0)).await.unwrap();
        let mut peer = Self { inbound, outbound, read: VecDeque::new(), caught_up: Vec::new() };
        assert!(matches!(peer.next().await, ServerFrame::Hello { .. }));
        peer
    }

    pub async fn send(&mut self, frame: Value) {
        self.inbound.text(&frame.to_string(), Timestamp(0)).await;
    }

    /// The next frame as it was sent.
    pub async fn next_bytes(&mut self) -> Bytes {
        loop {
            if let Some(frame) = self.read.pop_front() {
                return frame;
            }
            let sending = tokio::time::timeout(Duration::from_secs(60), self.outbound.next());
            match sending.await.expect("something to read") {
                Sending::Batch(batch) => self.read.extend(batch.into_iter().filter_map(text)),
                Sending::Close(close) => panic!("{close:?}"),
            }
        }
    }

    pub async fn next(&mut self) -> ServerFrame {
        loop {
            match self.next_of_all().await {
                ServerFrame::CaughtUp { position } => self.caught_up.push(position),
                frame => return frame,
            }
        }
    }

    pub async fn next_of_all(&mut self) -> ServerFrame {
        serde_json::from_slice(&self.next_bytes().await).unwrap()
    }

    /// The position of the next frame, which is an event.
    pub async fn next_position(&mut self) -> u64 {
        match self.next().await {
            ServerFrame::Event { event, .. } => event.position.expect("a durable event").0,
            other => panic!("{other:?}"),
        }
    }

    pub async fn closed(mut self) -> u16 {
        loop {
            let sending = tokio::time::timeout(Duration::from_secs(60), self.outbound.next());
            if let Sending::Close(close) = sending.await.expect("a close") {
                return close.code;
            }
        }
    }

    /// Nothing is waiting, after everybody had a turn.
    pub async fn is_quiet(&mut self) -> bool {
        loop {
            settle().await;
            while let Some(bytes) = self.read.pop_front() {
                let ServerFrame::CaughtUp { position } = serde_json::from_slice(&bytes).unwrap() else { return false };
                self.caught_up.push(position);
            }
            match self.outbound.next().now_or_never() {
                None => return true,
                Some(Sending::Batch(batch)) => self.read.extend(batch.into_iter().filter_map(text)),
                Some(Sending::Close(_)) => return false,
            }
        }
    }
}

fn text(outgoing: Outgoing) -> Option<Bytes> {
    match outgoing {
        Outgoing::Text(json) => Some(json),
        Outgoing::Ping => None,
    }
}

/// Lets every task that can run do so.
pub async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}
