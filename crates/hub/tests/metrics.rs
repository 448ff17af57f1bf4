//! Measurements: collected by room, sent together, dropped by count; and what a status tells. In virtual time.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod memory_log;
mod peer;

use hub::{Hub, HubConfig, MetricBuffers};
use memory_log::{MemoryLog, alert, step};
use peer::{Peer, settle};
use protocol::{
    Envelope, EventId, Position, Timestamp, Topic,
    event::{MetricCategory, PerformanceMetric},
    frame::ServerFrame,
};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

fn start(size: u32, flush_interval_ms: u64) -> (Arc<Hub>, Arc<MemoryLog>) {
    let log = MemoryLog::new("e1");
    let metrics = MetricBuffers { size, flush_interval_ms };
    (Hub::new(log.clone(), HubConfig { metrics, ..HubConfig::default() }), log)
}

fn metric(agent_id: Option<&str>, value: f64, note_bytes: usize) -> Envelope {
    let note =
        (note_bytes > 0).then(|| serde_json::Map::from_iter([("note".to_owned(), json!("x".repeat(note_bytes)))]));
    Envelope {
        id: EventId(Uuid::nil()),
        position: None,
        time: Timestamp(9),
        correlation_id: None,
        causation_id: None,
        traceparent: None,
        event: PerformanceMetric {
            metric_name: "latency".to_owned(),
            value,
            unit: "ms".to_owned(),
            category: MetricCategory::Agent,
            agent_id: agent_id.map(str::to_owned),
            timestamp: Timestamp(7),
            metadata: note,
        }
        .into(),
    }
}

async fn subscribed(hub: &Arc<Hub>, number: u64, topics: &[&str]) -> Peer {
    let mut peer = Peer::connect(hub, number).await;
    peer.send(json!({"type": "subscribe", "topics": topics})).await;
    assert!(matches!(peer.next().await, ServerFrame::Subscribed { .. }));
    peer
}

async fn batch(peer: &mut Peer) -> (Vec<String>, Vec<f64>) {
    match peer.next().await {
        ServerFrame::PerformanceMetrics { topics, metrics } => {
            (topics.iter().map(Topic::to_string).collect(), metrics.iter().map(|metric| metric.value).collect())
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn each_room_gets_its_measurements_together() {
    let (hub, _log) = start(3, 1_000);
    let mut all = subscribed(&hub, 1, &["performance_metrics"]).await;
    let mut one = subscribed(&hub, 2, &["agent:a"]).await;
    for (agent, value) in [(Some("a"), 1.0), (None, 2.0), (Some("b"), 3.0), (Some("a"), 4.0)] {
        hub.publish_ephemeral(metric(agent, value, 0));
    }
    settle().await;
    assert_eq!(
        batch(&mut all).await,
        (vec!["performance_metrics".to_owned()], vec![1.0, 2.0, 3.0]),
        "three are enough"
    );
    assert!(all.is_quiet().await && one.is_quiet().await, "the others wait");
    let status = hub.status().await;
    assert_eq!((status.buffers.rooms, status.buffers.metrics, status.buffers.flushes), (2, 3, 1));
    assert_eq!((hub.health().buffered, hub.health().flushes), (3, 1));
    tokio::time::advance(Duration::from_millis(1_000)).await;
    assert_eq!(batch(&mut all).await.1, [4.0]);
    assert_eq!(batch(&mut one).await, (vec!["agent:a".to_owned()], vec![1.0, 4.0]));
    assert_eq!((hub.health().buffered, hub.health().flushes), (0, 3));
}

#[tokio::test(start_paused = true)]
async fn all_agents_are_a_room_of_their_own() {
    let (hub, _log) = start(2, 1_000);
    let mut of_all = subscribed(&hub, 1, &["agent:*"]).await;
    let mut both = subscribed(&hub, 2, &["agent:*", "agent:b"]).await;
    for (agent, value) in [(Some("a"), 1.0), (None, 2.0), (Some("b"), 3.0), (Some("b"), 4.0)] {
        hub.publish_ephemeral(metric(agent, value, 0));
    }
    settle().await;
    let all = || "agent:*".to_owned();
    assert_eq!(batch(&mut of_all).await, (vec![all()], vec![1.0, 3.0]));
    assert_eq!(batch(&mut both).await, (vec![all()], vec![1.0, 3.0]));
    assert_eq!(batch(&mut both).await, (vec!["agent:b".to_owned()], vec![3.0, 4.0]));
    tokio::time::advance(Duration::from_millis(1_000)).await;
    assert_eq!(batch(&mut of_all).await, (vec![all()], vec![4.0]));
    assert_eq!(batch(&mut both).await, (vec![all()], vec![4.0]));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_collected_for_nobody() {
    let (hub, _log) = start(50, 1_000);
    hub.publish_ephemeral(metric(Some("a"), 1.0, 0));
    let mut late = subscribed(&hub, 1, &["agent:a"]).await;
    hub.publish_ephemeral(metric(Some("a"), 2.0, 0));
    settle().await;
    late.send(json!({"type": "unsubscribe", "topics": ["agent:a"]})).await;
    assert!(matches!(late.next().await, ServerFrame::Unsubscribed { .. }));
    tokio::time::advance(Duration::from_secs(5)).await;
    assert!(late.is_quiet().await);
    assert_eq!(hub.status().await.buffers.metrics, 0);
}

#[tokio::test(start_paused = true)]
async fn what_a_stuck_client_does_not_get_is_counted_by_the_measurement() {
    const SENT: u64 = 5_000;
    let (hub, _log) = start(50, 1_000);
    let mut peer = subscribed(&hub, 1, &["performance_metrics"]).await;
    for value in 0..SENT {
        hub.publish_ephemeral(metric(None, value as f64, 100));
        if value % 1_000 == 999 {
            settle().await;
        }
    }
    settle().await;
    assert!(peer.outbound.held_bytes() < 80 << 10, "{}", peer.outbound.held_bytes());
    let mut seen = Vec::new();
    while seen.last() != Some(&(SENT as f64 - 1.0)) {
        seen.extend(batch(&mut peer).await.1);
    }
    assert!(seen.is_sorted() && (seen.len() as u64) < SENT, "the newest are there, and not all");
    assert_eq!(hub.status().await.dropped, SENT - seen.len() as u64);
}

#[tokio::test(start_paused = true)]
async fn a_status_tells_who_is_where() {
    let (hub, log) = start(50, 1_000);
    let mut peers = Vec::new();
    for number in 0..3 {
        peers.push(subscribed(&hub, number, &["system_alerts", "agent:a"]).await);
    }
    peers.push(subscribed(&hub, 9, &["thread:1"]).await);
    hub.publish(log.commit(alert("one"))).await;
    settle().await;
    let status = hub.status().await;
    assert_eq!((status.connections, status.topics, status.subscriptions, status.slow_clients), (4, 3, 7, 0));
    assert!(status.queued_bytes > 0, "the alert waits for three");
    let rooms: Vec<(String, u64, u64)> =
        status.rooms.iter().map(|room| (room.room.to_string(), room.subscribers, room.events)).collect();
    let named = |name: &str, subscribers, events| (name.to_owned(), subscribers, events);
    assert_eq!(
        rooms,
        [
            named("agent_states", 0, 0),
            named("performance_metrics", 0, 0),
            named("workflow_executions", 0, 0),
            named("memory_timeline", 0, 0),
            named("system_alerts", 3, 1),
            named("agent:a", 3, 0),
            named("thread:1", 1, 0),
        ]
    );
    drop(peers);
    settle().await;
    let status = hub.status().await;
    assert_eq!((status.connections, status.subscriptions, status.rooms.len()), (0, 0, 5), "nothing is left behind");
    hub.shutdown().await;
    assert_eq!(hub.status().await.handshakes, 4, "also when it has stopped");
}

#[tokio::test(start_paused = true)]
async fn projections_are_counted_when_nobody_sees_them_and_seen_from_the_next_on_by_who_comes() {
    let (hub, log) = start(50, 1_000);
    settle().await;
    let room = async |name: &str| {
        let rooms = hub.status().await.rooms;
        rooms.into_iter().find(|room| room.room.to_string() == name).map(|room| (room.subscribers, room.events))
    };
    hub.publish(log.commit(step(1, "p"))).await;
    settle().await;
    assert_eq!(room("workflow_executions").await, Some((0, 1)));
    for topic in ["workflow_executions", "workflow:p", "workflow:*"] {
        let mut peer = subscribed(&hub, 1, &[topic]).await;
        let expected = log.len() + 1;
        hub.publish(log.commit(step(1, "p"))).await;
        let ServerFrame::Event { event, .. } = peer.next().await else { panic!("an event") };
        assert_eq!((event.event.name(), event.position), ("workflow_execution", Some(Position(expected))));
        drop(peer);
        settle().await;
    }
    assert_eq!(room("workflow_executions").await, Some((0, 4)));
}
