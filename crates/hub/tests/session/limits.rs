//! How much of everything, and how often.

use super::{
    In::{self, Binary, Text, Tick},
    LIMITS, check, open, open_as, told,
};
use hub::session::{Close, Output};
use protocol::{
    Identity, Role, Timestamp,
    frame::{ServerFrame, close},
};

#[test]
fn topics_are_limited() {
    check(&[
        (
            0,
            Text(r#"{"type":"subscribe","topics":["agent:1","agent:2","agent:3","agent:4"]}"#),
            &["subscribe agent:1 agent:2 agent:3 agent:4"],
        ),
        (0, Text(r#"{"type":"subscribe","topics":["agent:5","agent:6"]}"#), &["error too_many_topics"]),
        (1_000, Text(r#"{"type":"subscribe","topics":["agent:4","agent:5"]}"#), &["subscribe agent:4 agent:5"]),
        (1_000, Text(r#"{"type":"subscribe","topics":["agent:6"]}"#), &["error too_many_topics"]),
        (1_000, Text(r#"{"type":"unsubscribe","topics":["agent:1"]}"#), &["unsubscribe agent:1"]),
        (2_000, Text(r#"{"type":"subscribe","topics":["agent:6"]}"#), &["subscribe agent:6"]),
    ]);
}

#[test]
fn invalid_frames_are_answered_and_the_eleventh_in_a_row_closes() {
    let mut steps: Vec<(i64, In<'_>, &[&str])> = Vec::new();
    for _ in 0..4 {
        steps.push((0, Text("{"), &["error invalid_json"]));
        steps.push((0, Binary, &["error binary"]));
    }
    steps.push((0, Text(r#"{"type":"dance"}"#), &["error unknown_type"]));
    steps.push((0, Text(r#"{"type":"command"}"#), &["error missing_field"]));
    steps.push((0, Text("{"), &["error invalid_json", "close 4400"]));
    // Closed is closed.
    steps.push((0, Text(r#"{"type":"ping"}"#), &[]));
    steps.push((200_000, Tick, &[]));
    check(&steps);
    assert_eq!(close::INVALID, 4400);
}

#[test]
fn topics_that_are_not_to_be_had_are_no_mistakes_and_a_flood_of_them_ends() {
    for (topic, refused) in [("events", "error forbidden"), ("agents", "error invalid_topic")] {
        let viewer = Identity { name: "ann".to_owned(), role: Role::Viewer, ..Identity::local() };
        let mut session = open_as(viewer);
        let mut ask = |what: &str, at: i64| {
            let outputs = session.text(&format!(r#"{{"type":"{what}","topics":["{topic}"]}}"#), Timestamp(at));
            outputs.iter().map(told).collect::<Vec<_>>().join(" ")
        };
        // For as long as it likes, at the rate allowed.
        for number in 0..100 {
            assert_eq!(ask("subscribe", number * 10), refused, "{number}");
        }
        // Ten changes are at once: two for each of the five topics a connection may have.
        for number in 0..10 {
            assert_eq!(ask("subscribe", 2_000), refused, "{number}");
        }
        for number in 0..50 {
            assert_eq!(ask("subscribe", 2_000), "error rate_limited temporary", "{number}");
        }
        assert_eq!(ask("subscribe", 2_000), "error rate_limited temporary close 4429");
    }

    let mut steps: Vec<(i64, In<'_>, &[&str])> = Vec::new();
    let six = r#"{"type":"subscribe","topics":["agent:1","agent:2","agent:3","agent:4","agent:5","agent:6"]}"#;
    for number in 0..30 {
        steps.push((number * 1_000, Text(six), &["error too_many_topics"]));
    }
    check(&steps);
}

#[test]
fn rare_mistakes_are_forgiven() {
    let steps: Vec<(i64, In<'_>, &[&str])> =
        (0..100).map(|number| (number * 10_000, Text("{"), &["error invalid_json"][..])).collect();
    check(&steps);
}

#[test]
fn commands_and_pings_are_limited_in_rate_and_flooding_closes() {
    let mut session = open();
    let count = |outputs: Vec<Output>| outputs.iter().map(told).collect::<Vec<_>>().join(" ");
    let mut told = Vec::new();
    for _ in 0..151 {
        told.push(count(session.text(r#"{"type":"command","id":1,"method":"m"}"#, Timestamp(0))));
    }
    assert!(told[..100].iter().all(|told| told == "call m"));
    assert!(told[100..150].iter().all(|told| told == "error rate_limited temporary"));
    assert_eq!(told[150], "error rate_limited temporary close 4429");
    // Another one comes at the rate allowed, for as long as it likes.
    let mut session = open();
    for number in 0..1_000 {
        assert_eq!(count(session.text(r#"{"type":"ping"}"#, Timestamp(number * 20))), "pong");
    }
}

#[test]
fn messages_are_limited_in_rate() {
    let publish = r#"{"type":"publish","message":{"type":"agent_state"}}"#;
    let mut session = open();
    for _ in 0..2_000 {
        assert_eq!(session.text(publish, Timestamp(0)).iter().map(told).collect::<Vec<_>>(), ["publish"]);
    }
    let over: Vec<String> = session.text(publish, Timestamp(0)).iter().map(told).collect();
    assert_eq!(over, ["error rate_limited temporary"]);
    assert_eq!(session.text(publish, Timestamp(1)).iter().map(told).collect::<Vec<_>>(), ["publish"]);
}

#[test]
fn topic_changes_are_limited_in_rate() {
    let both = r#"{"type":"unsubscribe","topics":["agent:1","agent:2","agent:3","agent:4","agent:5"]}"#;
    let answer = "unsubscribe agent:1 agent:2 agent:3 agent:4 agent:5";
    check(&[
        (0, Text(both), &[answer]),
        (0, Text(both), &[answer]),
        (0, Text(both), &["error rate_limited temporary"]),
        (50, Text(both), &[answer]),
    ]);
}

#[test]
fn a_message_over_the_limit_closes_with_1009() {
    let text = "x".repeat(LIMITS.frame_bytes as usize + 1);
    check(&[(0, Text(&text), &["close 1009"])]);
}

#[test]
fn pings_of_the_websocket_that_come_too_often_are_not_answered_and_close() {
    let mut session = open();
    for _ in 0..100 {
        assert_eq!(session.ping(Timestamp(0)), (true, Vec::new()));
    }
    for _ in 0..50 {
        assert_eq!(session.ping(Timestamp(0)), (false, Vec::new()));
    }
    let (is_answered, outputs) = session.ping(Timestamp(0));
    assert!(!is_answered);
    assert!(matches!(outputs.as_slice(), [Output::Close(Close { code: close::FLOODING, .. })]), "{outputs:?}");
    assert_eq!(session.ping(Timestamp(60_000)), (false, Vec::new()), "closed is closed");
    let mut session = open();
    for second in 0..20 {
        for _ in 0..50 {
            assert!(session.ping(Timestamp(second * 1_000)).0);
        }
    }
}

#[test]
fn a_frame_of_more_topics_than_are_taken_at_once_says_so_instead_of_asking_to_wait() {
    let mut session = open();
    let most = 2 * LIMITS.topics as usize;
    let tries = [(most, 0, "unsubscribe"), (most + 1, 60_000, "too_many_topics"), (most, 60_000, "rate_limited")];
    for (count, at, expect) in tries {
        let topics: Vec<String> = (0..count).map(|n| format!("agent:{n}")).collect();
        let frame = serde_json::json!({"type": "unsubscribe", "topics": topics}).to_string();
        let outputs = session.text(&frame, Timestamp(at));
        let said: Vec<String> = outputs
            .iter()
            .map(|output| match output {
                Output::Send(ServerFrame::Error { code, .. }) => code.clone(),
                other => told(other).split(' ').next().unwrap_or_default().to_owned(),
            })
            .collect();
        assert_eq!(said, [expect], "{count}");
    }
}
