//! What is held for a client, how it is served from the log instead, and what it leaves behind.

use crate::{
    memory_log::{self, alert, memory, step},
    peer::{Peer, settle},
    start,
};
use hub::HubConfig;
use protocol::{
    Envelope, EventId, Timestamp, Topic,
    event::{AgentState, AgentStatus, ResourceUsage},
    frame::ServerFrame,
};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

fn usage(agent_id: &str, cpu: f64) -> Envelope {
    Envelope {
        id: EventId(Uuid::nil()),
        position: None,
        time: Timestamp(0),
        correlation_id: None,
        causation_id: None,
        traceparent: None,
        event: AgentState {
            agent_id: agent_id.to_owned(),
            status: AgentStatus::Busy,
            current_task: None,
            resource_usage: ResourceUsage { cpu, memory: 0.0, active_connections: 0 },
            metadata: None,
            timestamp: Timestamp(0),
        }
        .into(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_stuck_client_is_held_within_its_limit_and_then_gets_everything() {
    let (hub, log) = start(HubConfig::default()).await;
    let limit = HubConfig::default().limits.queue_bytes as usize;
    let mut stuck = Peer::connect(&hub, 1).await;
    let mut quick = Peer::connect(&hub, 2).await;
    for peer in [&mut stuck, &mut quick] {
        peer.send(json!({"type": "subscribe", "topics": ["events", "system_alerts"]})).await;
        assert!(matches!(peer.next().await, ServerFrame::Subscribed { .. }));
    }
    let text = "x".repeat(10_000);
    const EVENTS: u64 = 1_000;
    for position in 1..=EVENTS {
        hub.publish(log.commit(alert(&text))).await;
        assert_eq!(quick.next_position().await, position);
        assert!(stuck.outbound.held_bytes() <= limit, "{} bytes at {position}", stuck.outbound.held_bytes());
    }
    assert_eq!(hub.health().catch_ups, 1);
    assert_eq!(log.pages_read(), 0, "the log is not read before the client reads");
    for position in 1..=EVENTS {
        assert_eq!(stuck.next_position().await, position);
        assert!(stuck.outbound.held_bytes() <= limit);
    }
    hub.publish(log.commit(alert("live again"))).await;
    assert_eq!(stuck.next_position().await, EVENTS + 1);
    assert!(stuck.is_quiet().await);
    assert_eq!(stuck.outbound.held_bytes(), 0);
}

#[tokio::test(start_paused = true)]
async fn events_that_wait_too_long_are_dropped_and_served_from_the_log() {
    let (hub, log) = start(HubConfig { queue_age_ms: 1_000, ..HubConfig::default() }).await;
    let mut peer = Peer::connect(&hub, 1).await;
    peer.send(json!({"type": "subscribe", "topics": ["system_alerts"]})).await;
    peer.next().await;
    let before = peer.outbound.held_bytes();
    hub.publish(log.commit(alert("one"))).await;
    settle().await;
    assert!(peer.outbound.held_bytes() > before);
    tokio::time::advance(Duration::from_millis(1_001)).await;
    hub.publish(log.commit(alert("two"))).await;
    settle().await;
    assert_eq!(hub.health().catch_ups, 1);
    assert_eq!(peer.outbound.held_bytes(), before);
    assert_eq!((peer.next_position().await, peer.next_position().await), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn the_log_is_read_a_page_at_a_time_as_the_client_takes_it() {
    let (hub, log) = start(HubConfig::default()).await;
    for _ in 0..2_000 {
        hub.publish(log.commit(alert(&"x".repeat(1_000)))).await;
    }
    let mut peer = Peer::connect(&hub, 1).await;
    peer.send(json!({"type": "subscribe", "topics": [{"topic": "system_alerts", "after": 0}]})).await;
    let mut most = 0;
    for position in 0..=2_000 {
        if position == 0 {
            peer.next().await;
        } else {
            assert_eq!(peer.next_position().await, position);
        }
        settle().await;
        // A page holds 128 events or more: never more than one page ahead of what was taken.
        assert!(log.pages_read() <= position / 64 + 2, "{} pages at {position}", log.pages_read());
        most = most.max(peer.outbound.held_bytes());
    }
    assert!(most <= HubConfig::default().limits.queue_bytes as usize, "{most}");
}

#[tokio::test(start_paused = true)]
async fn one_event_larger_than_the_limit_still_arrives() {
    let mut config = HubConfig::default();
    config.limits.queue_bytes = 10_000;
    let (hub, log) = start(config).await;
    let mut peer = Peer::connect(&hub, 1).await;
    peer.send(json!({"type": "subscribe", "topics": ["system_alerts", "events"]})).await;
    peer.next().await;
    for position in 1..=5 {
        hub.publish(log.commit(alert(&"x".repeat(50_000)))).await;
        assert_eq!(peer.next_position().await, position);
    }
}

#[tokio::test(start_paused = true)]
async fn every_subscriber_shares_the_bytes_of_a_frame() {
    let (hub, log) = start(HubConfig::default()).await;
    let mut peers = Vec::new();
    for (number, topics) in
        [json!(["agent:a"]), json!(["events"]), json!(["agent:a", "memory_timeline"])].iter().enumerate()
    {
        let mut peer = Peer::connect(&hub, number as u64).await;
        peer.send(json!({"type": "subscribe", "topics": topics})).await;
        peer.next().await;
        peers.push(peer);
    }
    hub.publish(log.commit(memory("a"))).await;
    let mut frames = Vec::new();
    for peer in &mut peers {
        frames.push(peer.next_bytes().await);
        assert!(peer.is_quiet().await, "one frame for one event");
    }
    assert!(frames.iter().all(|frame| frame.as_ptr() == frames[0].as_ptr()));
}

#[tokio::test(start_paused = true)]
async fn ephemeral_events_keep_the_newest_and_disturb_nothing() {
    let (hub, log) = start(HubConfig::default()).await;
    let mut peer = Peer::connect(&hub, 1).await;
    peer.send(json!({"type": "subscribe", "topics": ["agent_states", "system_alerts"]})).await;
    peer.next().await;
    hub.publish_ephemeral(usage("rare", 1.0));
    for value in 0..5_000 {
        hub.publish_ephemeral(usage("often", f64::from(value)));
        settle().await;
    }
    hub.publish(log.commit(alert("one"))).await;
    settle().await;
    assert!(peer.outbound.held_bytes() < 80 << 10, "{}", peer.outbound.held_bytes());
    let (mut rare, mut often, mut alerts) = (0, Vec::new(), 0);
    while alerts == 0 || !peer.is_quiet().await {
        match peer.next().await {
            ServerFrame::Event { event, .. } => match event.event {
                protocol::Event::AgentState(state) if state.agent_id == "rare" => rare += 1,
                protocol::Event::AgentState(state) => often.push(state.resource_usage.cpu),
                _ => alerts += 1,
            },
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((rare, alerts), (1, 1));
    assert!(often.is_sorted() && often.last() == Some(&4_999.0));
    assert_eq!(hub.ephemeral_dropped() as usize, 5_000 - often.len());
}

#[tokio::test(start_paused = true)]
async fn everybody_back_at_once_after_a_restart_loses_nothing() {
    let (hub, log) = start(HubConfig::default()).await;
    for number in 0..500 {
        hub.publish(log.commit(step(number % 2, "p"))).await;
    }
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..200 {
        let (hub, log) = (hub.clone(), log.clone());
        tasks.spawn(async move {
            let mut peer = Peer::connect(&hub, number).await;
            let topic = Topic::Execution(memory_log::execution_id(number % 2));
            let request =
                json!([{"topic": topic, "after": number, "epoch": "e1"}, {"topic": "workflow:p", "after": 490}]);
            peer.send(json!({"type": "subscribe", "topics": request})).await;
            peer.next().await;
            let mut expected = log.positions(&topic, number, 500);
            let projected = log.positions(&Topic::Workflow("p".to_owned()), 490, 500);
            expected.extend(&projected);
            expected.sort_unstable();
            let mut got = Vec::new();
            while got.len() < expected.len() {
                got.push(peer.next_position().await);
            }
            assert_eq!(got, expected);
            assert!(peer.is_quiet().await);
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn subscribing_again_with_a_position_starts_over_from_there() {
    let (hub, log) = start(HubConfig::default()).await;
    let mut peer = Peer::connect(&hub, 1).await;
    for round in 0..3 {
        for _ in 0..5 {
            hub.publish(log.commit(alert("a"))).await;
        }
        settle().await;
        peer.send(json!({"type": "subscribe", "topics": [{"topic": "system_alerts", "after": 2}]})).await;
        while !matches!(peer.next().await, ServerFrame::Subscribed { .. }) {}
        for position in 3..=(round + 1) * 5 {
            assert_eq!(peer.next_position().await, position);
        }
        assert!(peer.is_quiet().await);
    }
}

#[tokio::test(start_paused = true)]
async fn unsubscribing_ends_a_long_catch_up() {
    let (hub, log) = start(HubConfig::default()).await;
    for _ in 0..5_000 {
        hub.publish(log.commit(alert(&"x".repeat(500)))).await;
    }
    let mut peer = Peer::connect(&hub, 1).await;
    peer.send(json!({"type": "subscribe", "topics": [{"topic": "system_alerts", "after": 0}]})).await;
    peer.next().await;
    assert_eq!(peer.next_position().await, 1);
    peer.send(json!({"type": "unsubscribe", "topics": ["system_alerts"]})).await;
    settle().await;
    let mut more = 0;
    while !matches!(peer.next().await, ServerFrame::Unsubscribed { .. }) {
        more += 1;
    }
    assert!(more < 300, "{more} events after giving up");
    assert!(peer.is_quiet().await);
    let health = hub.health();
    assert_eq!((health.topics, health.subscriptions), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn clients_that_go_leave_nothing_behind() {
    let (hub, _log) = start(HubConfig::default()).await;
    let mut peers = Vec::new();
    for number in 0..20 {
        let mut peer = Peer::connect(&hub, number).await;
        peer.send(json!({"type": "subscribe", "topics": ["events", "agent:a"]})).await;
        peer.next().await;
        peers.push(peer);
    }
    let health = hub.health();
    assert_eq!((health.connections, health.topics, health.subscriptions), (20, 2, 40));
    drop(peers);
    settle().await;
    let health = hub.health();
    assert_eq!((health.connections, health.topics, health.subscriptions, health.handshakes), (0, 0, 0, 20));
}

#[tokio::test(start_paused = true)]
async fn shutdown_closes_who_is_left() {
    let (hub, _log) = start(HubConfig::default()).await;
    let peer = Peer::connect(&hub, 1).await;
    hub.shutdown().await;
    assert_eq!(peer.closed().await, protocol::frame::close::DRAINING);
    let who = Arc::new(protocol::Identity::local());
    assert!(hub.connect(hub::Kind::Client, protocol::ClientId(Uuid::nil()), who, Timestamp(0)).await.is_err());
}
