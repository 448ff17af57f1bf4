//! Where what was asked for ends and what is live begins.

use crate::{
    memory_log::{alert, memory},
    peer::Peer,
    start,
};
use hub::HubConfig;
use protocol::frame::ServerFrame;
use serde_json::json;

fn word(frame: &ServerFrame) -> String {
    match frame {
        ServerFrame::Subscribed { topics, .. } => format!("subscribed up to {}", topics[0].position),
        ServerFrame::Event { event, .. } => event.position.unwrap().to_string(),
        ServerFrame::CaughtUp { position } => format!("caught up to {position}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_what_was_asked_for_is_told_once_and_before_what_is_live() {
    let (hub, log) = start(HubConfig::default()).await;
    for _ in 0..3 {
        hub.publish(log.commit(alert("before"))).await;
    }
    let mut peer = Peer::connect(&hub, 1).await;
    let mut said = Vec::new();
    // Some of it; nothing of a topic that has had nothing; everything, to the end that there is at each time.
    for (topic, after, comes) in [("system_alerts", 1, 4), ("memory_timeline", 0, 2), ("events", 3, 3)] {
        peer.send(json!({"type": "subscribe", "topics": [{"topic": topic, "after": after}]})).await;
        for _ in 0..comes {
            said.push(word(&peer.next_of_all().await));
        }
        hub.publish(log.commit(alert("live"))).await;
        said.push(word(&peer.next_of_all().await));
    }
    let expected = [
        ["subscribed up to 3", "2", "3", "caught up to 3", "4"].as_slice(),
        &["subscribed up to 4", "caught up to 4", "5"],
        &["subscribed up to 5", "4", "5"],
    ];
    assert_eq!(said, [expected.concat(), vec!["caught up to 5"]].concat());
    assert_eq!(word(&peer.next_of_all().await), "6");
    assert!(peer.is_quiet().await);
    // Nothing was missed: nothing is caught up with.
    peer.send(json!({"type": "subscribe", "topics": [{"topic": "memory_timeline", "after": 6}, "agent:a"]})).await;
    assert_eq!(word(&peer.next_of_all().await), "subscribed up to 6");
    assert!(peer.is_quiet().await);
    assert_eq!(peer.caught_up, []);
}

#[tokio::test(start_paused = true)]
async fn a_slow_client_is_not_told_of_a_catch_up_it_did_not_ask_for() {
    let mut config = HubConfig::default();
    config.limits.queue_bytes = 4_000;
    let (hub, log) = start(config).await;
    let mut peer = Peer::connect(&hub, 1).await;
    peer.send(json!({"type": "subscribe", "topics": ["memory_timeline"]})).await;
    assert!(matches!(peer.next().await, ServerFrame::Subscribed { .. }));
    for _ in 0..61 {
        hub.publish(log.commit(memory("a"))).await;
    }
    for position in 1..=61 {
        assert_eq!(peer.next_position().await, position);
    }
    assert_eq!(hub.health().catch_ups, 1);
    assert!(peer.is_quiet().await);
    hub.publish(log.commit(memory("a"))).await;
    assert_eq!((word(&peer.next_of_all().await), peer.caught_up.len()), ("62".to_owned(), 0));
    // What it asks for while it is behind ends where all of it does.
    for _ in 0..61 {
        hub.publish(log.commit(memory("a"))).await;
    }
    peer.send(json!({"type": "subscribe", "topics": [{"topic": "system_alerts", "after": 1}]})).await;
    while !matches!(peer.next().await, ServerFrame::Subscribed { .. }) {}
    while peer.next_position().await < 123 {}
    assert_eq!((word(&peer.next_of_all().await), peer.caught_up.len()), ("caught up to 123".to_owned(), 0));
    assert!(peer.is_quiet().await);
}
