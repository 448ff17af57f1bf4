//! The log is read for a few connections at a time: who does not take what was read keeps nobody else waiting.

use crate::{
    memory_log::alert,
    peer::{Peer, settle},
    start,
};
use futures::FutureExt;
use hub::HubConfig;
use protocol::frame::ServerFrame;
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn clients_that_do_not_read_hold_no_reader_of_the_log() {
    let (hub, log) = start(HubConfig::default()).await;
    for _ in 0..3 {
        hub.publish(log.commit(alert("before"))).await;
    }
    settle().await;
    // Pages take their time: each of these begins one, and is not asked again.
    log.pause_before_pages(3);
    let subscribe = json!({"type": "subscribe", "topics": [{"topic": "system_alerts", "after": 0}]});
    let mut stuck = Vec::new();
    for number in 1..=16 {
        let mut peer = Peer::connect(&hub, number).await;
        peer.send(subscribe.clone()).await;
        assert!(matches!(peer.next().await, ServerFrame::Subscribed { .. }));
        let _ = peer.outbound.next().now_or_never();
        stuck.push(peer);
    }
    let mut peer = Peer::connect(&hub, 17).await;
    peer.send(subscribe).await;
    assert!(matches!(peer.next().await, ServerFrame::Subscribed { .. }));
    for position in 1..=3 {
        assert_eq!(peer.next_position().await, position);
    }
}
