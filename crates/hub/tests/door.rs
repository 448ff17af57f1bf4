//! Who is at the other end of a connection, on random histories: no subscription is lost by a fresh proof, none is
//! kept that is not theirs, nobody becomes somebody else, and no connection outlives its proof.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod memory_log;
mod peer;

use async_trait::async_trait;
use hub::{
    Authenticator, Commands, Hub, HubConfig, Kind,
    session::{EXPIRED, Output, Session, UNPROVEN},
};
use memory_log::{MemoryLog, Random, alert};
use peer::{Peer, settle};
use protocol::{
    ClientId, Epoch, Identity, Position, Problem, Role, Timestamp, Topic,
    access::CredentialId,
    frame::{Limits, ServerFrame, close},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::Semaphore;
use uuid::Uuid;

const LIMITS: Limits = Limits { frame_bytes: 4_096, topics: 100, queue_bytes: 1 << 20, idle_timeout_ms: 90_000 };

fn config() -> HubConfig {
    HubConfig { limits: LIMITS, ..HubConfig::default() }
}
const TOPICS: [&str; 5] = ["events", "agent:a", "system_alerts", "session:user:ann", "session:user:bob"];

fn identity(name: &str, role: Role, expires_at: Option<Timestamp>) -> Identity {
    Identity {
        subject: Identity::user_subject(name),
        name: name.to_owned(),
        role,
        credential: CredentialId::Token(name.to_owned()),
        expires_at,
        protocols: None,
    }
}

fn open(who: Option<Identity>, now: Timestamp) -> Session {
    let client = ClientId(Uuid::from_u128(1));
    Session::open(Kind::Client, client, who.map(Arc::new), Epoch("e1".to_owned()), &config(), now).0
}

/// What the session should be by its rules, told in the simplest way.
struct Model {
    who: Option<Identity>,
    until: Option<Timestamp>,
    topics: BTreeSet<Topic>,
}

fn closes(outputs: &[Output]) -> Option<u16> {
    outputs.iter().find_map(|output| match output {
        Output::Close(close) => Some(close.code),
        _ => None,
    })
}

fn code(outputs: &[Output]) -> Option<&str> {
    outputs.iter().find_map(|output| match output {
        Output::Send(ServerFrame::Error { code, .. }) => Some(code.as_str()),
        _ => None,
    })
}

#[test]
fn random_histories() {
    let histories = if std::env::var_os("SIGNALBOX_FULL").is_some() { 200_000 } else { 5_000 };
    let (mut refreshed, mut downgraded, mut expired, mut changed) = (0, 0, 0, 0);
    for seed in 0..histories {
        let mut random = Random::new(seed);
        let mut now = Timestamp(1_000_000);
        let starts = random.below(3) > 0;
        let who = starts.then(|| identity("ann", role(&mut random), end(&mut random, now)));
        let until = who.as_ref().map_or(Some(now.plus_ms(10_000)), |who| who.expires_at);
        let mut session = open(who.clone(), now);
        let mut model = Model { who, until, topics: BTreeSet::new() };
        for step in 0..30 {
            now = now.plus_ms(random.below(4_000));
            let at = format!("seed {seed}, step {step}, {now:?}");
            let is_over = model.until.is_some_and(|until| now >= until);
            let outputs = match random.below(6) {
                0 => session.tick(now),
                1 => session.text(r#"{"type":"ping"}"#, now),
                2 | 3 => {
                    let topic = TOPICS[random.below(5) as usize];
                    let outputs = session.text(&json!({"type": "subscribe", "topics": [topic]}).to_string(), now);
                    let topic: Topic = topic.parse().unwrap();
                    let is_theirs = model.who.as_ref().is_some_and(|who| who.may_see(&topic));
                    let is_taken = matches!(outputs[..], [Output::Subscribe { .. }]);
                    assert_eq!(is_taken, is_theirs && !is_over, "{at}: {outputs:?}");
                    if is_taken {
                        model.topics.insert(topic);
                    } else if model.who.is_some() && !is_over {
                        assert_eq!(code(&outputs), Some("forbidden"), "{at}");
                    }
                    outputs
                }
                _ => {
                    let asked = session.text(r#"{"type":"authenticate","token":"t"}"#, now);
                    if is_over {
                        asked
                    } else {
                        assert!(matches!(&asked[..], [Output::Authenticate { .. }]), "{at}: {asked:?}");
                        let name = if random.below(5) == 0 { "bob" } else { "ann" };
                        let fresh = identity(name, role(&mut random), end(&mut random, now));
                        let outputs = session.authenticated(None, Ok(fresh.clone()), now);
                        if fresh.has_expired(now) {
                            assert_eq!(closes(&outputs), Some(close::UNAUTHENTICATED), "{at}");
                            expired += 1;
                            break;
                        }
                        if model.who.as_ref().is_some_and(|who| who.subject != fresh.subject) {
                            assert_eq!(code(&outputs), Some("identity_changed"), "{at}");
                            changed += 1;
                        } else {
                            let hidden: BTreeSet<Topic> =
                                model.topics.iter().filter(|topic| !fresh.may_see(topic)).cloned().collect();
                            let told: BTreeSet<Topic> = outputs
                                .iter()
                                .flat_map(|output| match output {
                                    Output::Unsubscribe { topics, .. } => topics.clone(),
                                    _ => Vec::new(),
                                })
                                .collect();
                            assert!(matches!(outputs[0], Output::Send(ServerFrame::Authenticated { .. })), "{at}");
                            assert_eq!(told, hidden, "{at}: what is theirs stays, what is not goes");
                            model.topics.retain(|topic| !hidden.contains(topic));
                            refreshed += 1;
                            downgraded += usize::from(!hidden.is_empty());
                            (model.until, model.who) = (fresh.expires_at, Some(fresh));
                        }
                        outputs
                    }
                }
            };
            if is_over {
                assert_eq!(closes(&outputs), Some(close::UNAUTHENTICATED), "{at}: it outlived its proof: {outputs:?}");
                assert!(session.tick(now.plus_ms(1)).is_empty(), "{at}: closed is closed");
                expired += 1;
                break;
            }
            match (closes(&outputs), &model.who) {
                (None, Some(who)) => {
                    assert_eq!((&session.who().subject, session.who().role), (&who.subject, who.role), "{at}");
                }
                (None, None) => {}
                (Some(close::UNAUTHENTICATED), None) => break,
                // Mistakes are forgiven one each ten seconds: eleven end it.
                (Some(close::INVALID), _) => break,
                (Some(other), _) => panic!("{at}: closed with {other}"),
            }
        }
    }
    assert!(refreshed > 5_000 && downgraded > 300 && expired > 500 && changed > 300, "the histories are too tame");
}

fn role(random: &mut Random) -> Role {
    Role::ALL[random.below(4) as usize]
}

/// In the past now and then, soon, late, or never.
fn end(random: &mut Random, now: Timestamp) -> Option<Timestamp> {
    match random.below(10) {
        0 => Some(Timestamp(now.0 - 1)),
        1..=3 => Some(now.plus_ms(random.below(20_000))),
        4..=6 => Some(now.plus_ms(1_000_000)),
        _ => None,
    }
}

#[test]
fn who_does_not_say_who_they_are_is_closed_in_time() {
    let mut session = open(None, Timestamp(0));
    assert_eq!(session.tick(Timestamp(9_999)), []);
    assert_eq!(closes(&session.tick(Timestamp(10_000))), Some(close::UNAUTHENTICATED));
    for first in [r#"{"type":"subscribe","topics":["agent:a"]}"#, "[0,0,0]", "{", ""] {
        let mut session = open(None, Timestamp(0));
        let outputs = session.text(first, Timestamp(0));
        assert_eq!((code(&outputs), closes(&outputs)), (Some("unauthenticated"), Some(close::UNAUTHENTICATED)));
    }
    let outputs = open(None, Timestamp(0)).binary(Timestamp(0));
    assert_eq!((code(&outputs), closes(&outputs)), (Some("unauthenticated"), Some(close::UNAUTHENTICATED)));
}

#[test]
fn what_cannot_be_told_now_ends_nothing_and_what_is_wrong_does() {
    let mut session = open(Some(identity("ann", Role::Viewer, None)), Timestamp(0));
    let problem = Problem::new(503, "store_unavailable", "Away", "later").temporary();
    let outputs = session.authenticated(Some(json!(1)), Err(problem), Timestamp(0));
    assert_eq!((code(&outputs), closes(&outputs)), (Some("store_unavailable"), None));
    let problem = Problem::new(401, "token_unknown", "Unknown", "nobody's");
    let outputs = session.authenticated(Some(json!(2)), Err(problem), Timestamp(0));
    assert_eq!(code(&outputs), Some("token_unknown"));
    assert_eq!(outputs.last(), Some(&Output::Close(UNPROVEN)));
}

#[test]
fn a_proof_that_has_ended_closes_as_one() {
    for who in [None, Some(identity("ann", Role::Viewer, None))] {
        let mut session = open(who.clone(), Timestamp(0));
        let problem = Problem::new(401, "token_expired", "Expired", "come back");
        let outputs = session.authenticated(None, Err(problem), Timestamp(0));
        assert_eq!(code(&outputs), Some("token_expired"));
        assert_eq!(outputs.last(), Some(&Output::Close(EXPIRED)));

        let ended = identity("ann", Role::Viewer, Some(Timestamp(5)));
        assert_eq!(open(who, Timestamp(0)).authenticated(None, Ok(ended), Timestamp(5)), [Output::Close(EXPIRED)]);
    }
    let late = identity("ann", Role::Viewer, None);
    let outputs = open(None, Timestamp(0)).authenticated(None, Ok(late), Timestamp(10_000));
    assert_eq!(outputs, [Output::Close(UNPROVEN)], "a good one that came too late");
}

#[test]
fn a_worker_that_may_not_do_its_work_any_more_is_closed() {
    let who = Arc::new(identity("gpu", Role::Component, None));
    let (client, epoch) = (ClientId(Uuid::from_u128(1)), Epoch("e1".to_owned()));
    let (mut session, _) = Session::open(Kind::Worker, client, Some(who), epoch, &config(), Timestamp(0));
    session.text(r#"{"type":"worker_join","name":"w","protocols":["python"],"concurrency":1}"#, Timestamp(0));
    let same = Identity { protocols: Some(vec!["python".to_owned()]), ..identity("gpu", Role::Component, None) };
    assert_eq!(closes(&session.authenticated(None, Ok(same), Timestamp(0))), None);
    let less = Identity { protocols: Some(vec!["http".to_owned()]), ..identity("gpu", Role::Component, None) };
    assert_eq!(closes(&session.authenticated(None, Ok(less), Timestamp(0))), Some(close::FORBIDDEN));
}

/// Tokens are `NAME ROLE`, and the key of a folder.
struct Names;

#[async_trait]
impl Authenticator for Names {
    async fn authenticate(&self, token: &str) -> Result<Identity, Problem> {
        if token == "folder key" {
            return Ok(Identity::local_at("cli"));
        }
        let (name, role) = token.split_once(' ').ok_or_else(|| Problem::new(401, "token_unknown", "Unknown", token))?;
        Ok(identity(name, role.parse().unwrap(), None))
    }
}

#[tokio::test(start_paused = true)]
async fn a_fresh_proof_loses_no_event_and_a_lesser_role_sees_no_more_than_it_may() {
    let log = MemoryLog::new("e1");
    let hub = Hub::new(log.clone(), HubConfig::default());
    hub.set_authenticator(Arc::new(Names));
    let mut peer = Peer::connect_unknown(&hub, 1).await;
    peer.send(json!({"type": "authenticate", "id": 1, "token": "ann admin"})).await;
    peer.send(json!({"type": "subscribe", "topics": ["events", "system_alerts"]})).await;
    assert!(matches!(peer.next().await, ServerFrame::Authenticated { role: Role::Admin, .. }));
    assert!(matches!(peer.next().await, ServerFrame::Subscribed { .. }));
    for position in 1..=3 {
        hub.publish(log.commit(alert("a"))).await;
        peer.send(json!({"type": "authenticate", "token": "ann admin"})).await;
        let mut seen = Vec::new();
        while seen.len() < 2 {
            match peer.next().await {
                ServerFrame::Event { topics, event } => {
                    assert_eq!((topics.len(), event.position.unwrap().0), (2, position));
                    seen.push("event");
                }
                ServerFrame::Authenticated { .. } => seen.push("authenticated"),
                other => panic!("{other:?}"),
            }
        }
    }
    peer.send(json!({"type": "authenticate", "token": "ann viewer"})).await;
    assert!(matches!(peer.next().await, ServerFrame::Authenticated { role: Role::Viewer, .. }));
    let ServerFrame::Unsubscribed { topics, .. } = peer.next().await else { panic!("which are gone") };
    assert_eq!(topics, [Topic::Events]);
    hub.publish(log.commit(alert("a"))).await;
    assert_eq!(peer.next_position().await, 4, "still subscribed to the alerts");
}

#[tokio::test(start_paused = true)]
async fn connections_end_with_their_credentials() {
    let log = MemoryLog::new("e1");
    let hub = Hub::new(log, HubConfig::default());
    hub.set_authenticator(Arc::new(Names));
    let (mut ann, bob, local) =
        (Peer::connect_unknown(&hub, 1).await, Peer::connect_unknown(&hub, 2).await, Peer::connect(&hub, 3).await);
    let mut command = Peer::connect_unknown(&hub, 4).await;
    command.send(json!({"type": "authenticate", "token": "folder key"})).await;
    assert!(matches!(command.next().await, ServerFrame::Authenticated { .. }));
    ann.send(json!({"type": "authenticate", "token": "ann viewer"})).await;
    assert!(matches!(ann.next().await, ServerFrame::Authenticated { .. }));
    hub.end_expired(Timestamp(10_000));
    assert_eq!(bob.closed().await, close::UNAUTHENTICATED, "who did not say who they are");
    assert_eq!(hub.credentials(), [CredentialId::Token("ann".to_owned())].into());
    hub.end(UNPROVEN, |who| who.name == "ann");
    assert_eq!(ann.closed().await, close::UNAUTHENTICATED);
    assert!(hub.credentials().is_empty(), "forgotten with the connection");
    for mut stays in [local, command] {
        stays.send(json!({"type": "ping"})).await;
        assert!(matches!(stays.next().await, ServerFrame::Pong { .. }));
    }
}

/// Counts what it was asked for; publishing takes a permit for each message.
struct Counting {
    called: AtomicUsize,
    published: AtomicUsize,
    permits: Semaphore,
}

#[async_trait]
impl Commands for Counting {
    async fn call(&self, _: &Arc<Identity>, _: &str, _: Value) -> Result<Value, Problem> {
        self.called.fetch_add(1, Ordering::Relaxed);
        Ok(Value::Null)
    }

    async fn publish(&self, _: &Arc<Identity>, messages: Vec<Value>) -> Vec<Result<Option<Position>, Problem>> {
        self.published.fetch_add(messages.len(), Ordering::Relaxed);
        self.permits.acquire().await.unwrap().forget();
        messages.iter().map(|_| Ok(None)).collect()
    }
}

async fn counted(hub: &Arc<Hub>) -> (Arc<Counting>, Peer) {
    let counting =
        Arc::new(Counting { called: AtomicUsize::new(0), published: AtomicUsize::new(0), permits: Semaphore::new(0) });
    hub.set_commands(counting.clone());
    hub.set_authenticator(Arc::new(Names));
    let mut peer = Peer::connect_unknown(hub, 1).await;
    peer.send(json!({"type": "authenticate", "token": "ann admin"})).await;
    assert!(matches!(peer.next().await, ServerFrame::Authenticated { .. }));
    (counting, peer)
}

#[tokio::test(start_paused = true)]
async fn who_was_ended_is_not_obeyed_though_the_close_was_not_read() {
    let hub = Hub::new(MemoryLog::new("e1"), HubConfig::default());
    let (counting, mut peer) = counted(&hub).await;
    let command = || json!({"type": "command", "id": 1, "method": "m"});
    let publish = || json!({"type": "publish", "message": {"type": "agent_state"}});
    peer.send(command()).await;
    for _ in 0..2 {
        peer.send(publish()).await;
        settle().await;
    }
    let told = || (counting.called.load(Ordering::Relaxed), counting.published.load(Ordering::Relaxed));
    assert_eq!(told(), (1, 1), "one is being published, and one waits");
    hub.end(UNPROVEN, |who| who.name == "ann");
    peer.send(command()).await;
    peer.send(publish()).await;
    peer.send(json!({"type": "authenticate", "token": "ann admin"})).await;
    peer.send(command()).await;
    counting.permits.add_permits(10);
    settle().await;
    assert_eq!(told(), (1, 1), "what waited was not done, and nothing new was taken");
    assert_eq!(peer.closed().await, close::UNAUTHENTICATED);
}

#[tokio::test(start_paused = true)]
async fn what_a_client_said_before_it_left_is_done() {
    let hub = Hub::new(MemoryLog::new("e1"), HubConfig::default());
    let (counting, mut peer) = counted(&hub).await;
    for _ in 0..3 {
        peer.send(json!({"type": "publish", "message": {"type": "agent_state"}})).await;
        settle().await;
    }
    // Whatever code it gives: that of who is not known is for the server to say.
    peer.inbound.close(close::UNAUTHENTICATED, "");
    drop(peer);
    counting.permits.add_permits(10);
    settle().await;
    assert_eq!(counting.published.load(Ordering::Relaxed), 3);
}

#[test]
fn large_messages_are_for_those_who_may_take_tasks() {
    let (client, epoch) = (ClientId(Uuid::from_u128(1)), Epoch("e1".to_owned()));
    let large = json!({"type": "ping", "bulk": "x".repeat(5_000)}).to_string();
    for kind in [Kind::Client, Kind::Worker] {
        for (role, is_taken) in [(Role::Viewer, false), (Role::Component, kind == Kind::Worker)] {
            let (mut session, _) = Session::open(kind, client, None, epoch.clone(), &config(), Timestamp(0));
            assert_eq!(session.frame_bytes(), LIMITS.frame_bytes);
            session.authenticated(None, Ok(identity("ann", role, None)), Timestamp(0));
            let outputs = session.text(&large, Timestamp(0));
            assert_eq!(closes(&outputs), (!is_taken).then_some(1009), "{kind:?} {role}: {outputs:?}");
            assert_eq!(session.frame_bytes() > LIMITS.frame_bytes, is_taken);
            session.authenticated(None, Ok(identity("ann", Role::Viewer, None)), Timestamp(0));
            if is_taken {
                assert_eq!(closes(&session.text(&large, Timestamp(0))), Some(1009), "a lesser role, a lesser limit");
            }
        }
        let (mut session, _) = Session::open(kind, client, None, epoch.clone(), &config(), Timestamp(0));
        let outputs = session.text(&large, Timestamp(0));
        assert_eq!(closes(&outputs), Some(1009), "nobody's: {outputs:?}");
    }
}
