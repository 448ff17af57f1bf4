//! The Rust client where everybody proves who they are.

use super::people::{jwt, sign_in, token, trusted};
use crate::support::{Answer, TestServer, Way};
use protocol::{
    Envelope, Position, Role, Timestamp, Topic,
    event::{Severity, SystemAlert},
    frame::close,
};
use serde_json::json;
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::time::timeout;
use worker::{Client, ClientError, Resume, Subscription, Told};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

async fn next(told: &mut Subscription) -> Told {
    timeout(PATIENCE, told.next()).await.expect("told in time").expect("not closed")
}

async fn closed(told: &mut Subscription) -> (Option<u16>, String) {
    loop {
        if let Told::Disconnected { code, why, retry: None } = next(told).await {
            assert_eq!(timeout(PATIENCE, told.next()).await.expect("in time"), None, "for good");
            return (code, why);
        }
    }
}

fn alert(n: u64) -> serde_json::Value {
    json!({"type": "system_alert", "severity": "info", "component": "tests", "message": format!("number {n}")})
}

async fn publish(server: &TestServer, admin: &str, n: u64) {
    let request = server.post("/api/v1/events", "application/json", alert(n).to_string());
    Answer::of(request.header("cookie", admin)).await.expect(201);
}

fn now() -> Timestamp {
    let ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    Timestamp(i64::try_from(ms).unwrap())
}

#[tokio::test]
async fn a_token_lets_a_client_in_until_it_is_revoked() {
    let server = TestServer::start_guarded(&[("ann", Role::Admin)], |_| ()).await;
    let admin = sign_in(&server, "ann").await;
    let look = token(&server, &admin, json!({"name": "look", "role": "viewer"})).await;
    let connect = || Client::connect(server.url("")).token(&look).subscribe("system_alerts");
    let (client, mut told) = connect().start().unwrap();
    assert!(matches!(next(&mut told).await, Told::Connected { .. }));
    assert_eq!(
        next(&mut told).await,
        Told::Authenticated { name: "look".to_owned(), role: Role::Viewer, expires_at: None }
    );
    // It is one of everybody's topics, and its events are told.
    client.subscribe(Resume::live(Topic::SystemAlerts)).await.unwrap();
    publish(&server, &admin, 1).await;
    assert!(matches!(next(&mut told).await, Told::Event { .. }));
    // What is not theirs is refused, and the connection stays.
    let events = client.subscribe(Resume::live(Topic::Events)).await.unwrap_err();
    assert!(matches!(&events, ClientError::Refused { code, temporary: false, .. } if code == "forbidden"), "{events}");
    let submitted = client.call("submit", json!({"path": "tests/echo"})).await.unwrap_err();
    assert_eq!(
        submitted.to_string(),
        "`look` is viewer and may not run or change anything; operator or admin may (forbidden)"
    );

    let revoke = server.client.delete(server.url("/api/v1/tokens/look")).header("cookie", &admin);
    assert_eq!(Answer::of(revoke).await.status, 204);
    let (code, why) = closed(&mut told).await;
    assert_eq!(code, Some(close::UNAUTHENTICATED));
    assert!(why.contains("the token is nobody's") && why.ends_with("(token_unknown)"), "{why}");
    // One that was never any is told the same.
    let (_client, mut told) = connect().start().unwrap();
    assert_eq!(closed(&mut told).await, (code, why.clone()));
    let after = client.call("workers", json!({})).await.unwrap_err();
    assert_eq!(after, ClientError::Closed(why));
}

#[tokio::test]
async fn a_client_without_a_token_is_told_what_to_do() {
    let server = TestServer::start_guarded(&[("ann", Role::Admin)], |_| ()).await;
    let (_client, mut told) = Client::connect(server.url("")).subscribe("system_alerts").start().unwrap();
    let mut said = Vec::new();
    loop {
        match next(&mut told).await {
            Told::Error { code, message, .. } => said.push((code, message)),
            Told::Disconnected { code, retry, .. } => {
                assert_eq!((code, retry), (Some(close::UNAUTHENTICATED), None));
                break;
            }
            _ => {}
        }
    }
    let what = "the first frame is `authenticate`, with an API token or a JWT";
    assert_eq!(said, [("unauthenticated".to_owned(), what.to_owned())]);
}

#[tokio::test]
async fn a_jwt_is_renewed_on_the_connection_there_is_and_nothing_is_missed() {
    let server = TestServer::start_guarded(&[("ann", Role::Admin)], |config| config.access.jwt = Some(trusted())).await;
    let admin = sign_in(&server, "ann").await;
    let asked = Arc::new(AtomicU32::new(0));
    let count = asked.clone();
    // 30 s of leeway: the first ends in three seconds or less, those after it in a minute.
    let tokens = move || {
        let lasts_s = if count.fetch_add(1, Ordering::Relaxed) == 0 { -27 } else { 30 };
        std::future::ready(jwt("admin", "olga", lasts_s))
    };
    let from_here = Resume { topic: Topic::Events, after: Some(Position(0)), epoch: None };
    let (_client, mut told) = Client::connect(server.url("")).tokens_from(tokens).resume(from_here).start().unwrap();
    let (mut events, mut ends) = (Vec::<Envelope>::new(), Vec::new());
    let mut published = 0;
    // Long after the first token's end, and all of that time events come.
    while ends.len() < 2 || now().0 < ends[0] + 1_000 {
        published += 1;
        publish(&server, &admin, published).await;
        let is_last =
            |event: &Envelope| serde_json::to_string(event).unwrap().contains(&format!("number {published}\""));
        while !events.last().is_some_and(is_last) {
            match next(&mut told).await {
                Told::Event { event, .. } => events.push(*event),
                Told::Authenticated { name, role, expires_at } => {
                    assert_eq!((name.as_str(), role), ("olga", Role::Admin));
                    ends.push(expires_at.unwrap().0);
                }
                Told::Connected { .. } => assert!(events.is_empty(), "connected once"),
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(asked.load(Ordering::Relaxed), 2, "at the beginning, and before the end");
    assert!(ends[1] > ends[0] + 50_000, "{ends:?}");
    let positions: Vec<u64> = events.iter().map(|event| event.position.unwrap().0).collect();
    assert_eq!(positions, (1..=positions.len() as u64).collect::<Vec<_>>(), "each once, in order");
}

/// The first alert, and what the server said was wrong, so many times at least.
async fn an_alert_and_refusals(told: &mut Subscription, count: usize) -> (String, Vec<String>) {
    let (mut alert, mut refused) = (None, Vec::new());
    while alert.is_none() || refused.len() < count {
        match next(told).await {
            Told::Error { code, message, temporary: false } => refused.push(format!("{code}: {message}")),
            Told::Event { event, .. } => {
                let event = serde_json::to_value(&event).unwrap();
                alert = event["data"]["message"].as_str().map(str::to_owned);
            }
            _ => {}
        }
    }
    (alert.unwrap(), refused)
}

#[tokio::test]
async fn with_a_lesser_role_what_is_not_theirs_is_told_and_the_rest_goes_on_after_a_break() {
    let server = TestServer::start_guarded(&[("ann", Role::Admin)], |config| {
        config.access.jwt = Some(trusted());
        // By any port.
        config.hosts = vec!["127.0.0.1".to_owned()];
    });
    let server = server.await;
    let admin = sign_in(&server, "ann").await;
    let mut way = Way::to(server.url("").trim_start_matches("http://")).await;
    let asked = AtomicU32::new(0);
    // 30 s of leeway: the first is renewed within three seconds.
    let tokens = move || {
        let is_first = asked.fetch_add(1, Ordering::Relaxed) == 0;
        std::future::ready(if is_first { jwt("admin", "olga", -27) } else { jwt("viewer", "olga", 600) })
    };
    let client = Client::connect(format!("http://{}", way.address())).tokens_from(tokens);
    let (client, mut told) = client.subscribe("events").subscribe("system_alerts").start().unwrap();
    while !matches!(next(&mut told).await, Told::Authenticated { role: Role::Viewer, .. }) {}
    let refused = next(&mut told).await;
    assert!(matches!(&refused, Told::Error { code, .. } if code == "forbidden"), "{refused:?}");
    assert_eq!(client.snapshot().into_iter().map(|had| had.topic).collect::<Vec<_>>(), [Topic::SystemAlerts]);
    way.cut();
    while !matches!(next(&mut told).await, Told::Disconnected { retry: Some(_), .. }) {}
    publish(&server, &admin, 1).await;
    way.mend().await;
    assert_eq!(an_alert_and_refusals(&mut told, 0).await, ("number 1".to_owned(), Vec::new()));
}

#[tokio::test]
async fn fifteen_topics_of_thirty_that_are_not_theirs_take_neither_the_others_along_nor_the_connection() {
    let server = TestServer::start_guarded(&[("ann", Role::Admin)], |_| ()).await;
    let admin = sign_in(&server, "ann").await;
    let look = token(&server, &admin, json!({"name": "look", "role": "viewer"})).await;
    publish(&server, &admin, 7).await;
    let from_here = Resume { topic: Topic::SystemAlerts, after: Some(Position(0)), epoch: None };
    let mut client = Client::connect(server.url("")).token(&look).resume(from_here);
    for number in 0..15 {
        client = client.subscribe(&format!("session:user:other-{number}")).subscribe(&format!("agent:{number}"));
    }
    let (client, mut told) = client.start().unwrap();
    let (alert, refused) = an_alert_and_refusals(&mut told, 15).await;
    assert_eq!(alert, "number 7");
    assert!(refused.iter().all(|why| why.starts_with("forbidden: ")), "{refused:?}");
    assert_eq!((refused.len(), client.snapshot().len()), (15, 16));
    client.subscribe(Resume::live(Topic::AgentStates)).await.unwrap();
}

#[tokio::test]
async fn one_topic_that_is_not_theirs_takes_no_other_along() {
    let server = TestServer::start_guarded(&[("ann", Role::Admin)], |_| ()).await;
    let admin = sign_in(&server, "ann").await;
    let look = token(&server, &admin, json!({"name": "look", "role": "viewer"})).await;
    publish(&server, &admin, 7).await;
    let connect = || Client::connect(server.url("")).token(&look).subscribe("events");
    let from_here = Resume { topic: Topic::SystemAlerts, after: Some(Position(0)), epoch: None };
    let (client, mut told) = connect().resume(from_here).start().unwrap();
    let why = "forbidden: field `topics[0]`: `look` is viewer and may not see topic `events`; admin may";
    assert_eq!(an_alert_and_refusals(&mut told, 1).await, ("number 7".to_owned(), vec![why.to_owned()]));
    assert_eq!(client.snapshot().len(), 1);
    // Alone as well.
    let (client, mut told) = connect().start().unwrap();
    while !matches!(next(&mut told).await, Told::Error { code, .. } if code == "forbidden") {}
    assert_eq!(client.snapshot(), []);
}

#[tokio::test]
async fn a_fresh_token_is_sent_when_asked_to_and_nothing_is_unsubscribed() {
    let server = TestServer::start_guarded(&[("ann", Role::Admin)], |config| config.access.jwt = Some(trusted())).await;
    let role = Arc::new(Mutex::new("viewer"));
    let given = role.clone();
    let tokens = move || std::future::ready(jwt(&given.lock().unwrap(), "olga", 60));
    let connect = Client::connect(server.url("")).tokens_from(tokens).subscribe("system_alerts");
    let (client, mut told) = connect.start().unwrap();
    assert!(matches!(next(&mut told).await, Told::Connected { .. }));
    assert!(matches!(next(&mut told).await, Told::Authenticated { role: Role::Viewer, .. }));
    let alert = || SystemAlert::new(Severity::Info, "tests", "by olga");
    let refused = client.broadcast_system_alert(alert()).await.unwrap_err();
    assert!(matches!(&refused, ClientError::Refused { code, .. } if code == "forbidden"), "{refused}");
    *role.lock().unwrap() = "admin";
    let proven = client.authenticate().await.unwrap();
    assert_eq!((proven.name.as_str(), proven.role), ("olga", Role::Admin));
    client.broadcast_system_alert(alert()).await.unwrap();
    assert!(matches!(next(&mut told).await, Told::Authenticated { role: Role::Admin, .. }));
    assert!(matches!(next(&mut told).await, Told::Event { .. }), "over the same connection");

    let (without, _told) = Client::connect(server.url("")).start().unwrap();
    assert_eq!(without.authenticate().await.unwrap_err(), ClientError::NoToken);
}
