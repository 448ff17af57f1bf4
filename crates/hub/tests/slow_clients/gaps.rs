//! Where the log and the live stream meet: what cannot be had is a gap, and nothing else is missing or comes twice.

use crate::{
    memory_log::{alert, memory, step},
    peer::{Peer, settle},
    start,
};
use hub::HubConfig;
use protocol::{
    Position, Topic,
    frame::{GapReason, ServerFrame},
};
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn a_log_that_fails_for_a_moment_is_read_again() {
    let (hub, log) = start(HubConfig::default()).await;
    hub.publish(log.commit(alert("one"))).await;
    let mut peer = Peer::connect(&hub, 1).await;
    settle().await;
    log.fail_next(3);
    peer.send(json!({"type": "subscribe", "topics": [{"topic": "system_alerts", "after": 0}]})).await;
    assert!(matches!(peer.next().await, ServerFrame::Subscribed { .. }));
    assert_eq!(peer.next_position().await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_cannot_be_read_is_a_gap_and_the_topic_goes_on_live() {
    let (hub, log) = start(HubConfig::default()).await;
    for _ in 0..3 {
        hub.publish(log.commit(alert("before"))).await;
    }
    let mut peer = Peer::connect(&hub, 1).await;
    settle().await;
    log.fail_next(5);
    peer.send(json!({"type": "subscribe", "topics": [{"topic": "system_alerts", "after": 1}, "events"]})).await;
    assert!(matches!(peer.next().await, ServerFrame::Subscribed { .. }));
    let gap = ServerFrame::Gap {
        topic: Topic::SystemAlerts,
        from: Position(1),
        to: Position(3),
        reason: GapReason::Unavailable,
    };
    assert_eq!(peer.next().await, gap);
    hub.publish(log.commit(alert("after"))).await;
    assert_eq!(peer.next_position().await, 4);
    // While the log is down the others do not wait for it, nor does an answer.
    log.fail_next(u64::MAX);
    peer.send(json!({"type": "subscribe", "topics": [{"topic": "memory_timeline", "after": 0}]})).await;
    peer.send(json!({"type": "ping", "id": 1})).await;
    let mut answers = [peer.next().await, peer.next().await];
    answers.sort_by_key(|frame| matches!(frame, ServerFrame::Pong { .. }));
    assert!(matches!(answers, [ServerFrame::Subscribed { .. }, ServerFrame::Pong { .. }]), "{answers:?}");
}

#[tokio::test(start_paused = true)]
async fn what_was_removed_is_a_gap_and_the_topic_goes_on_live() {
    let (hub, log) = start(HubConfig::default()).await;
    for _ in 0..6 {
        hub.publish(log.commit(alert("before"))).await;
    }
    settle().await;
    log.remove_through(4);
    let gap = |after| ServerFrame::Gap {
        topic: Topic::SystemAlerts,
        from: Position(after),
        to: Position(6),
        reason: GapReason::Retention,
    };
    for (number, after) in [(1, 0), (2, 3)] {
        let mut peer = Peer::connect(&hub, number).await;
        peer.send(json!({"type": "subscribe", "topics": [{"topic": "system_alerts", "after": after}]})).await;
        assert!(matches!(peer.next().await, ServerFrame::Subscribed { .. }));
        assert_eq!(peer.next().await, gap(after));
        assert!(peer.is_quiet().await, "not a part of it");
    }
    // Whoever has all that was removed misses nothing.
    let mut peer = Peer::connect(&hub, 3).await;
    peer.send(json!({"type": "subscribe", "topics": [{"topic": "system_alerts", "after": 4}]})).await;
    assert!(matches!(peer.next().await, ServerFrame::Subscribed { .. }));
    assert_eq!((peer.next_position().await, peer.next_position().await), (5, 6));
    hub.publish(log.commit(alert("after"))).await;
    assert_eq!(peer.next_position().await, 7);
}

#[tokio::test(start_paused = true)]
async fn a_position_left_out_by_the_publisher_is_fetched_from_the_log() {
    let (hub, log) = start(HubConfig::default()).await;
    let mut peer = Peer::connect(&hub, 1).await;
    peer.send(json!({"type": "subscribe", "topics": ["events"]})).await;
    peer.next().await;
    hub.publish(log.commit(step(1, "p"))).await;
    log.commit(step(1, "p"));
    hub.publish(log.commit(step(1, "p"))).await;
    for position in 1..=3 {
        assert_eq!(peer.next_position().await, position);
    }
    assert!(peer.is_quiet().await);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_was_far_ahead_of_the_hub_but_not_of_the_log_gets_no_event_twice() {
    let (hub, log) = start(HubConfig::default()).await;
    settle().await;
    // Committed, but not published yet: a page rendered now has them.
    let late: Vec<_> = (0..3).flat_map(|_| log.commit(alert("late"))).collect();
    let mut peer = Peer::connect(&hub, 1).await;
    peer.send(json!({"type": "subscribe", "topics": [{"topic": "system_alerts", "after": 2, "epoch": "e1"}]})).await;
    match peer.next().await {
        ServerFrame::Subscribed { topics, .. } => assert!(topics[0].recovered),
        other => panic!("{other:?}"),
    }
    hub.publish(late).await;
    assert_eq!(peer.next_position().await, 3);
    assert!(peer.is_quiet().await);
}

#[tokio::test(start_paused = true)]
async fn a_topic_added_where_the_log_was_ahead_of_the_hub_misses_nothing() {
    let (hub, log) = start(HubConfig::default()).await;
    let mut peer = Peer::connect(&hub, 1).await;
    peer.send(json!({"type": "subscribe", "topics": ["events"]})).await;
    peer.next().await;
    hub.publish(log.commit(alert("waits in the queue"))).await;
    settle().await;
    let late: Vec<_> = (0..3).flat_map(|_| log.commit(alert("late"))).collect();
    // The queue is not empty, so all comes from the log, which is ahead.
    peer.send(json!({"type": "subscribe", "topics": [{"topic": "system_alerts", "after": 0}]})).await;
    settle().await;
    peer.next().await;
    for position in 1..=4 {
        assert_eq!(peer.next_position().await, position);
    }
    assert!(peer.is_quiet().await);
    peer.send(json!({"type": "subscribe", "topics": [{"topic": "system_alerts", "after": 2}, "agent:a"]})).await;
    match peer.next().await {
        ServerFrame::Subscribed { topics, .. } => {
            assert_eq!((topics[0].position, topics[1].position), (Position(4), Position(4)));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!((peer.next_position().await, peer.next_position().await), (3, 4));
    hub.publish(late).await;
    hub.publish(log.commit(alert("live"))).await;
    assert_eq!(peer.next_position().await, 5);
    assert!(peer.is_quiet().await);
}

#[tokio::test(start_paused = true)]
async fn a_position_beyond_the_log_is_of_another_history() {
    let (hub, log) = start(HubConfig::default()).await;
    hub.publish(log.commit(alert("one"))).await;
    let mut peer = Peer::connect(&hub, 1).await;
    peer.send(json!({"type": "subscribe", "topics": [{"topic": "system_alerts", "after": 2}]})).await;
    match peer.next().await {
        ServerFrame::Subscribed { topics, .. } => {
            assert_eq!((topics[0].position, topics[0].recovered), (Position(1), false));
        }
        other => panic!("{other:?}"),
    }
    let gap =
        ServerFrame::Gap { topic: Topic::SystemAlerts, from: Position(2), to: Position(1), reason: GapReason::Epoch };
    assert_eq!(peer.next().await, gap);
}

#[tokio::test(start_paused = true)]
async fn a_gap_is_told_before_anything_that_names_its_topic() {
    let mut config = HubConfig::default();
    config.limits.queue_bytes = 4_000;
    let (hub, log) = start(config).await;
    let mut peer = Peer::connect(&hub, 1).await;
    peer.send(json!({"type": "subscribe", "topics": ["memory_timeline", "agent:a"]})).await;
    assert!(matches!(peer.next().await, ServerFrame::Subscribed { .. }));
    // More than is held: the connection is cut, and served from the log, which fails for one of the two.
    for n in 0..61 {
        hub.publish(log.commit(memory(if n % 2 == 0 { "a" } else { "b" }))).await;
    }
    settle().await;
    log.fail_next(5);
    let (mut positions, mut gaps) = (vec![0; 2], 0);
    let topics = [Topic::MemoryTimeline, Topic::Agent("a".to_owned())];
    while positions.iter().any(|position| *position < 61) {
        match peer.next().await {
            ServerFrame::Gap { topic, from, to, .. } => {
                let at = topics.iter().position(|known| *known == topic).unwrap();
                assert_eq!(from.0, positions[at], "{topic}: from where the client stands");
                positions[at] = to.0;
                gaps += 1;
            }
            ServerFrame::Event { topics: named, event } => {
                let position = event.position.unwrap().0;
                for (at, _) in topics.iter().enumerate().filter(|(_, topic)| named.contains(topic)) {
                    if position > positions[at] {
                        let missed = log.positions(&topics[at], positions[at], position - 1);
                        assert!(missed.is_empty(), "{}: {missed:?} are passed over in silence", topics[at]);
                        positions[at] = position;
                    }
                }
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(gaps, 1);
}

#[tokio::test(start_paused = true)]
async fn who_subscribes_again_is_passed_over_nothing_that_waits() {
    // A few, which wait in the live lane; and more than is held, which come from the log.
    for count in [3, 61] {
        let mut config = HubConfig::default();
        config.limits.queue_bytes = 4_000;
        let (hub, log) = start(config).await;
        let mut peer = Peer::connect(&hub, 1).await;
        let again = json!({"type": "subscribe", "topics": ["memory_timeline"]});
        peer.send(again.clone()).await;
        assert!(matches!(peer.next().await, ServerFrame::Subscribed { .. }));
        for _ in 0..count {
            hub.publish(log.commit(memory("a"))).await;
        }
        settle().await;
        peer.send(again).await;
        settle().await;
        let (mut seen, mut from) = (Vec::new(), None);
        while seen.len() < count {
            match peer.next().await {
                ServerFrame::Subscribed { topics, .. } => from = Some(topics[0].position),
                ServerFrame::Event { event, .. } => seen.push(event.position.unwrap().0),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(seen, (1..=count as u64).collect::<Vec<_>>());
        assert_eq!(from, Some(Position(0)), "all of them follow");
        hub.publish(log.commit(memory("a"))).await;
        assert_eq!(peer.next_position().await, count as u64 + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn who_subscribes_again_behind_what_waits_is_told_no_position_before_their_first() {
    let (hub, log) = start(HubConfig::default()).await;
    let mut peer = Peer::connect(&hub, 1).await;
    peer.send(json!({"type": "subscribe", "topics": ["memory_timeline"]})).await;
    assert!(matches!(peer.next().await, ServerFrame::Subscribed { .. }));
    hub.publish(log.commit(memory("a"))).await;
    hub.publish(log.commit(alert("before"))).await;
    settle().await;
    for _ in 0..2 {
        peer.send(json!({"type": "subscribe", "topics": ["system_alerts"]})).await;
    }
    settle().await;
    for _ in 0..2 {
        match peer.next().await {
            ServerFrame::Subscribed { topics, .. } => assert_eq!(topics[0].position, Position(2), "live from there"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(peer.next_position().await, 1);
}
