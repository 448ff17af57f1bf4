//! The session as a table: what comes in when, and what goes out.

mod limits;

use hub::{
    HubConfig, Kind,
    session::{Close, Output, Resume, Session},
};
use protocol::{
    ClientId, Epoch, Identity, Position, Role, Timestamp, Topic,
    frame::{Limits, ServerFrame, close},
};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

const LIMITS: Limits = Limits { frame_bytes: 4_096, topics: 5, queue_bytes: 1 << 20, idle_timeout_ms: 90_000 };

fn config() -> HubConfig {
    HubConfig { limits: LIMITS, ..HubConfig::default() }
}

/// One thing that happens to the session.
enum In<'a> {
    Text(&'a str),
    Binary,
    Heard,
    Tick,
}

use In::{Binary, Heard, Text, Tick};

fn open() -> Session {
    open_as(Identity::local())
}

fn open_as(who: Identity) -> Session {
    let (client, who) = (ClientId(Uuid::from_u128(1)), Arc::new(who));
    let (session, hello) =
        Session::open(Kind::Client, client, Some(who), Epoch("e1".to_owned()), &config(), Timestamp(0));
    let expected = ServerFrame::Hello { epoch: Epoch("e1".to_owned()), client, limits: LIMITS };
    assert_eq!(hello, Output::Send(expected));
    session
}

/// Feeds `(ms, input)` in order and compares what comes out of each with words: see [`told`].
#[track_caller]
fn check(steps: &[(i64, In<'_>, &[&str])]) {
    let mut session = open();
    for (number, (ms, input, expected)) in steps.iter().enumerate() {
        let now = Timestamp(*ms);
        let outputs = match input {
            Text(text) => session.text(text, now),
            Binary => session.binary(now),
            Heard => {
                session.heard(now);
                Vec::new()
            }
            Tick => session.tick(now),
        };
        let outputs: Vec<String> = outputs.iter().map(told).collect();
        assert_eq!(outputs, *expected, "step {number} at {ms} ms");
    }
}

/// An output in one line: `pong`, `error CODE`, `subscribe TOPIC[>AFTER[@EPOCH]] …`, `unsubscribe TOPIC …`,
/// `call METHOD`, `ping`, `close CODE`.
fn told(output: &Output) -> String {
    match output {
        Output::Send(ServerFrame::Pong { .. }) => "pong".to_owned(),
        Output::Send(ServerFrame::Error { code, temporary, .. }) => {
            format!("error {code}{}", if *temporary { " temporary" } else { "" })
        }
        Output::Send(other) => panic!("{other:?}"),
        Output::Subscribe { requests, .. } => {
            let topics = requests.iter().map(|Resume { topic, after, epoch }| {
                let after = after.map(|after| format!(">{after}")).unwrap_or_default();
                let epoch = epoch.as_ref().map(|epoch| format!("@{epoch}")).unwrap_or_default();
                format!(" {topic}{after}{epoch}")
            });
            format!("subscribe{}", topics.collect::<String>())
        }
        Output::Unsubscribe { topics, .. } => {
            format!("unsubscribe{}", topics.iter().map(|topic| format!(" {topic}")).collect::<String>())
        }
        Output::Call { method, .. } => format!("call {method}"),
        Output::Publish { .. } => "publish".to_owned(),
        Output::Worker(_) | Output::Authenticate { .. } => panic!("{output:?}"),
        Output::Ping => "ping".to_owned(),
        Output::Close(Close { code, .. }) => format!("close {code}"),
    }
}

#[test]
fn subscriptions_are_asked_of_the_hub() {
    check(&[
        (0, Text(r#"{"type":"subscribe","topics":["thread:45"]}"#), &["subscribe thread:45"]),
        (
            1,
            Text(r#"{"type":"subscribe","topics":[{"topic":"events","after":7,"epoch":"e1"},"agent:a"]}"#),
            &["subscribe events>7@e1 agent:a"],
        ),
        (2, Text(r#"{"type":"subscribe","topics":[]}"#), &["subscribe"]),
        (
            3,
            Text(r#"{"type":"unsubscribe","topics":["thread:45",{"topic":"events"}]}"#),
            &["unsubscribe thread:45 events"],
        ),
    ]);
}

#[test]
fn subscribing_and_unsubscribing_are_idempotent_in_any_order() {
    check(&[
        (0, Text(r#"{"type":"unsubscribe","topics":["agent:a"]}"#), &["unsubscribe agent:a"]),
        (1, Text(r#"{"type":"subscribe","topics":["agent:a"]}"#), &["subscribe agent:a"]),
        (2, Text(r#"{"type":"subscribe","topics":["agent:a"]}"#), &["subscribe agent:a"]),
        (3, Text(r#"{"type":"unsubscribe","topics":["agent:a"]}"#), &["unsubscribe agent:a"]),
        (4, Text(r#"{"type":"unsubscribe","topics":["agent:a"]}"#), &["unsubscribe agent:a"]),
    ]);
}

#[test]
fn all_of_a_kind_are_one_topic_and_sessions_none() {
    check(&[
        (
            0,
            Text(
                r#"{"type":"subscribe","topics":["agent:*",{"topic":"execution:*","after":3},"workflow:*","thread:*"]}"#,
            ),
            &["subscribe agent:* execution:*>3 workflow:* thread:*"],
        ),
        (1, Text(r#"{"type":"subscribe","topics":["thread:*","agent:a"]}"#), &["subscribe thread:* agent:a"]),
        (2, Text(r#"{"type":"subscribe","topics":["agent:b"]}"#), &["error too_many_topics"]),
        (3, Text(r#"{"type":"unsubscribe","topics":["agent:*"]}"#), &["unsubscribe agent:*"]),
        (4, Text(r#"{"type":"subscribe","topics":["session:*"]}"#), &["error invalid_topic"]),
    ]);
    let viewer = Identity { name: "ann".to_owned(), role: Role::Viewer, ..Identity::local() };
    let text = r#"{"type":"subscribe","topics":["agent:*","execution:*","workflow:*","thread:*"]}"#;
    let outputs = open_as(viewer).text(text, Timestamp(0));
    assert!(matches!(&outputs[..], [Output::Subscribe { requests, .. }] if requests.len() == 4), "{outputs:?}");
}

#[test]
fn a_topic_named_twice_counts_as_the_last() {
    let text = r#"{"type":"subscribe","topics":["agent:a",{"topic":"agent:a","after":3}]}"#;
    check(&[(0, Text(text), &["subscribe agent:a>3"])]);
}

#[test]
fn one_wrong_topic_changes_nothing_and_is_named() {
    let mut session = open();
    let outputs = session.text(r#"{"type":"subscribe","id":1,"topics":["agent:a","agents"]}"#, Timestamp(0));
    let [Output::Send(ServerFrame::Error { id, code, message, temporary })] = &outputs[..] else {
        panic!("{outputs:?}")
    };
    assert_eq!((id, code.as_str(), *temporary), (&Some(json!(1)), "invalid_topic", false));
    assert!(message.contains("`topics[1]`") && message.contains("`agents`"), "{message}");
    // All five places are free.
    let text = r#"{"type":"subscribe","topics":["agent:1","agent:2","agent:3","agent:4","agent:5"]}"#;
    assert!(matches!(session.text(text, Timestamp(0))[..], [Output::Subscribe { .. }]));
}

#[test]
fn a_topic_that_is_not_theirs_is_refused_by_name_and_nothing_else_of_the_frame_taken() {
    let mut session = open_as(Identity { role: Role::Viewer, name: "ann".to_owned(), ..Identity::local() });
    let outputs = session.text(r#"{"type":"subscribe","id":1,"topics":["agent:a","events"]}"#, Timestamp(0));
    let [Output::Send(ServerFrame::Error { code, message, .. })] = &outputs[..] else { panic!("{outputs:?}") };
    assert_eq!(code, "forbidden");
    assert_eq!(message, "field `topics[1]`: `ann` is viewer and may not see topic `events`; admin may");
    let outputs = session.text(r#"{"type":"subscribe","topics":["agent:a"]}"#, Timestamp(0));
    assert!(matches!(&outputs[..], [Output::Subscribe { requests, .. }] if requests.len() == 1));
}

#[test]
fn what_a_worker_may_do_follows_from_who_it_is() {
    let join = r#"{"type":"worker_join","id":1,"name":"w","protocols":["python","http"],"concurrency":1}"#;
    let limited = Some(vec!["python".to_owned()]);
    for (role, protocols, expect) in [
        (Role::Viewer, None, Some("may not take tasks")),
        (Role::Operator, None, Some("may not take tasks")),
        (Role::Component, limited, Some("`protocols[1]`")),
        (Role::Component, None, None),
        (Role::Admin, None, None),
    ] {
        let who = Arc::new(Identity { role, protocols, ..Identity::local() });
        let (client, epoch) = (ClientId(Uuid::from_u128(1)), Epoch("e1".to_owned()));
        let (mut session, _) = Session::open(Kind::Worker, client, Some(who), epoch, &config(), Timestamp(0));
        let outputs = session.text(join, Timestamp(0));
        match (&outputs[..], expect) {
            ([Output::Worker(_)], None) => {}
            ([Output::Send(ServerFrame::Error { code, message, .. })], Some(part)) => {
                assert!(code == "forbidden" && message.contains(part), "{role}: {message}");
            }
            _ => panic!("{role}: {outputs:?}"),
        }
    }
}

#[test]
fn silence_is_asked_about_and_then_ends_the_connection() {
    check(&[
        (10_000, Tick, &[]),
        (22_500, Tick, &["ping"]),
        (30_000, Tick, &[]),
        (45_000, Tick, &["ping"]),
        (46_000, Heard, &[]),
        (60_000, Tick, &[]),
        (68_500, Tick, &["ping"]),
        (69_000, Text(r#"{"type":"ping"}"#), &["pong"]),
        (158_999, Tick, &["ping"]),
        (159_000, Tick, &["close 4001"]),
        (400_000, Tick, &[]),
    ]);
    assert_eq!(close::IDLE, 4001);
}

#[test]
fn any_traffic_counts_as_a_pong() {
    let heard: [fn(&mut Session); 4] = [
        |session| drop(session.text("{", Timestamp(89_000))),
        |session| drop(session.text(r#"{"type":"ping"}"#, Timestamp(89_000))),
        |session| drop(session.binary(Timestamp(89_000))),
        |session| session.heard(Timestamp(89_000)),
    ];
    for (number, heard) in heard.into_iter().enumerate() {
        let mut session = open();
        heard(&mut session);
        assert_eq!(session.tick(Timestamp(91_000)), [], "{number}");
    }
}

#[test]
fn ids_are_echoed_and_positions_kept() {
    let mut session = open();
    let outputs = session.text(
        r#"{"type":"subscribe","id":"s-1","topics":[{"topic":"agent:a","after":18446744073709551615}]}"#,
        Timestamp(0),
    );
    let topic = Topic::Agent("a".to_owned());
    let requests = vec![Resume { topic, after: Some(Position(u64::MAX)), epoch: None }];
    assert_eq!(outputs, [Output::Subscribe { id: Some(json!("s-1")), requests }]);
    let outputs = session.text(r#"{"type":"command","id":0,"method":"m"}"#, Timestamp(0));
    let who = Arc::new(Identity::local());
    assert_eq!(outputs, [Output::Call { who, id: json!(0), method: "m".to_owned(), params: Value::Null }]);
}

#[test]
fn a_line_of_a_batch_counts_as_a_message_and_its_errors_name_it() {
    let mut session = open();
    let mut said = |line: usize, frame: &str| -> String {
        let outputs = session.line(line, frame, Timestamp(0));
        let words = outputs.iter().map(|output| match output {
            Output::Send(ServerFrame::Error { code, message, .. }) => format!("{code}: {message}"),
            other => told(other),
        });
        words.collect::<Vec<_>>().join("; ")
    };
    assert_eq!(said(1, r#"{"type":"subscribe","topics":["agent:a"]}"#), "subscribe agent:a");
    let wrong = said(2, r#"{"type":"ping""#);
    assert_eq!(wrong, "invalid_json: line 2: the message is not JSON: EOF while parsing an object at column 14");
    assert_eq!(
        said(4, r#"{"type":"ping","id":[]}"#),
        "invalid_field: line 4: field `id`: expected a string or a number"
    );
    for line in 5..105 {
        assert_eq!(said(line, r#"{"type":"ping"}"#), "pong");
    }
    assert!(said(105, r#"{"type":"ping"}"#).starts_with("rate_limited: line 105: more pings"));
}
