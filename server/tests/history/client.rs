//! A client of the history: what it does at random, and what it was told.

use crate::{
    support::Dice,
    world::{TOPICS, Truth, World},
};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    time::Duration,
};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

/// Longer than anything takes that still happens.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Client {
    number: u64,
    world: World,
    dice: Dice,
    connection: Option<Connection>,
    /// By topic, what this client has, and the log it is of. Survives its connections.
    known: BTreeMap<String, Known>,
    /// Some begin with a position of a log that is not there.
    is_lost: bool,
    told: BTreeMap<String, Vec<Told>>,
}

struct Known {
    position: u64,
    epoch: String,
}

struct Connection {
    socket: WebSocketStream<TcpStream>,
    /// Of `hello`.
    epoch: Option<String>,
    /// Requests not answered yet.
    asked: VecDeque<Vec<Asked>>,
    active: Vec<String>,
}

#[derive(Clone)]
struct Asked {
    topic: String,
    after: Option<u64>,
    epoch: Option<String>,
}

/// No log of ours.
const ELSEWHERE: &str = "00000000-0000-4000-8000-000000000000";

/// What a client was told of a topic.
#[derive(Clone, Debug)]
enum Told {
    /// What follows comes after this; `instead` of what was asked for, of another log.
    From {
        position: u64,
        instead: Option<u64>,
    },
    Event(u64),
    Gap {
        from: u64,
        to: u64,
        reason: String,
    },
}

impl Client {
    pub(crate) fn new(number: u64, world: World, dice: Dice) -> Self {
        let is_lost = number.is_multiple_of(3);
        Self { number, world, dice, connection: None, known: BTreeMap::new(), is_lost, told: BTreeMap::new() }
    }

    /// Does this and that while things happen; then reads until it has everything, and what it was told is compared
    /// with what is true.
    /// Returns how many events and how many gaps that were.
    pub(crate) async fn live(mut self) -> (usize, usize) {
        while self.world.truth().is_none() {
            match self.dice.below(20) {
                0 | 1 => self.connection = None,
                2..=5 => self.subscribe().await,
                // It does not read for a while.
                6 | 7 => {
                    let batches = self.dice.below(25) + 1;
                    self.world.later(batches).await;
                }
                _ => {
                    let batches = self.dice.below(4) + 1;
                    self.read_for(batches).await;
                }
            }
        }
        let truth = self.world.truth().unwrap();
        if self.known.is_empty() {
            self.subscribe().await;
        }
        while !self.has_all(&truth) {
            self.connect().await;
            match tokio::time::timeout(PATIENCE, self.next()).await {
                Ok(Some(frame)) => self.frame(&frame),
                Ok(None) => self.connection = None,
                Err(_) => panic!("client {} waits in vain: it has {:?}", self.number, self.positions()),
            }
        }
        for (topic, told) in &self.told {
            check(self.number, topic, told, &truth[topic]);
        }
        let told = || self.told.values().flatten();
        let events = told().filter(|told| matches!(told, Told::Event(_))).count();
        (events, told().filter(|told| matches!(told, Told::Gap { .. })).count())
    }

    fn positions(&self) -> BTreeMap<&str, u64> {
        self.known.iter().map(|(topic, known)| (topic.as_str(), known.position)).collect()
    }

    /// Every request was answered, and nothing is missing at the end.
    fn has_all(&self, truth: &Truth) -> bool {
        let answered = self.connection.as_ref().is_some_and(|connection| connection.asked.is_empty());
        let is_up_to_date = |(topic, known): (&str, u64)| truth[topic].last().is_none_or(|last| known >= *last);
        answered && !self.known.is_empty() && self.positions().into_iter().all(is_up_to_date)
    }

    async fn connect(&mut self) {
        while self.connection.is_none() {
            let url = self.world.standing(self.dice.below(60)).await;
            let Ok(socket) = open(&url, self.dice.below(3) == 0).await else {
                tokio::task::yield_now().await;
                continue;
            };
            self.connection = Some(Connection { socket, epoch: None, asked: VecDeque::new(), active: Vec::new() });
            let known: Vec<_> = self.known.iter().map(|(topic, known)| known.of(topic)).collect();
            if !known.is_empty() {
                self.ask(known).await;
            }
        }
    }

    /// One topic more, from anywhere.
    async fn subscribe(&mut self) {
        self.connect().await;
        let topic = TOPICS[self.dice.below(TOPICS.len() as u64) as usize].to_owned();
        let is_asked = self.connection.iter().flat_map(|connection| connection.asked.iter().flatten());
        if self.known.contains_key(&topic) || is_asked.clone().any(|asked| asked.topic == topic) {
            return;
        }
        let newest = self.known.values().map(|known| known.position).max().unwrap_or_default();
        let after = match self.dice.below(3) {
            _ if self.is_lost => Some(self.dice.below(1_000) + 1),
            0 => None,
            1 => Some(0),
            _ => Some(self.dice.below(newest + 1)),
        };
        // Positions without an epoch count as of this log.
        let ours = self.known.values().next().map(|known| known.epoch.clone());
        let epoch = if self.is_lost { Some(ELSEWHERE.to_owned()) } else { ours };
        self.is_lost = false;
        self.ask(vec![Asked { topic, after, epoch }]).await;
    }

    async fn ask(&mut self, topics: Vec<Asked>) {
        let Some(connection) = &mut self.connection else { return };
        let request = |asked: &Asked| json!({"topic": asked.topic, "after": asked.after, "epoch": asked.epoch});
        let list: Vec<Value> = topics.iter().map(request).collect();
        connection.asked.push_back(topics);
        let frame = Message::text(json!({"type": "subscribe", "topics": list}).to_string());
        if connection.socket.send(frame).await.is_err() {
            self.connection = None;
        }
    }

    /// Reads while so many batches are published.
    async fn read_for(&mut self, batches: u64) {
        let world = self.world.clone();
        let mut later = std::pin::pin!(world.later(batches));
        while self.connection.is_some() {
            tokio::select! {
                () = &mut later => return,
                frame = self.next() => match frame {
                    Some(frame) => self.frame(&frame),
                    None => self.connection = None,
                },
            }
        }
        self.connect().await;
    }

    /// The next frame; `None` when the connection has ended.
    async fn next(&mut self) -> Option<Value> {
        let connection = self.connection.as_mut()?;
        loop {
            match connection.socket.next().await? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Ok(Message::Close(close)) => {
                    let code = close.map(|close| u16::from(close.code));
                    assert_eq!(code, Some(protocol::frame::close::DRAINING), "client {}", self.number);
                    return None;
                }
                Ok(other) => panic!("{other:?}"),
                Err(_) => return None,
            }
        }
    }

    fn frame(&mut self, frame: &Value) {
        match frame["type"].as_str().unwrap() {
            "hello" => {
                let epoch = frame["epoch"].as_str().unwrap().to_owned();
                assert_ne!(epoch, ELSEWHERE);
                self.connection.as_mut().expect("it said so").epoch = Some(epoch);
            }
            "draining" | "caught_up" => {}
            "subscribed" => self.subscribed(frame),
            "gap" => {
                let topic = frame["topic"].as_str().unwrap();
                let number = |field: &str| frame[field].as_u64().unwrap();
                let (from, to) = (number("from"), number("to"));
                let reason = frame["reason"].as_str().unwrap().to_owned();
                let known = self.known.get_mut(topic).expect("a gap is of a subscription");
                known.position = known.position.max(to);
                self.told.entry(topic.to_owned()).or_default().push(Told::Gap { from, to, reason });
            }
            "event" => self.event(frame),
            other => panic!("client {}: {other}: {frame}", self.number),
        }
    }

    fn subscribed(&mut self, frame: &Value) {
        let Some(connection) = &mut self.connection else { return };
        let asked = connection.asked.pop_front().expect("only what was asked is answered");
        let answers = frame["topics"].as_array().unwrap();
        assert_eq!(answers.len(), asked.len());
        let log = connection.epoch.clone().expect("hello is the first frame");
        for (answer, Asked { topic, after, epoch }) in answers.iter().zip(asked) {
            assert_eq!(answer["topic"], *topic);
            let recovered = answer["recovered"].as_bool().unwrap();
            let is_of_this_log = epoch.is_none_or(|epoch| epoch == log);
            let why = format!("client {}: {topic} after {after:?}: {frame}", self.number);
            assert_eq!(recovered, after.is_some() && is_of_this_log, "{why}");
            let position = after.filter(|_| recovered).unwrap_or_else(|| answer["position"].as_u64().unwrap());
            if self.known.insert(topic.clone(), Known { position, epoch: log.clone() }).is_none() {
                let instead = after.filter(|_| !recovered);
                self.told.entry(topic.clone()).or_default().push(Told::From { position, instead });
            }
            connection.active.push(topic);
        }
    }

    /// The client routes an event to those of its topics that do not have it, and there must be one.
    fn event(&mut self, frame: &Value) {
        let Some(connection) = &self.connection else { return };
        let Some(position) = frame["event"]["position"].as_u64() else { return };
        let mut is_new = false;
        for topic in frame["topics"].as_array().unwrap().iter().filter_map(Value::as_str) {
            if !connection.active.iter().any(|active| active == topic) {
                continue;
            }
            let known = &mut self.known.get_mut(topic).expect("active topics have a position").position;
            if position > *known {
                *known = position;
                is_new = true;
                self.told.entry(topic.to_owned()).or_default().push(Told::Event(position));
            }
        }
        assert!(is_new, "client {}: {position} came twice or too late: {:?}", self.number, self.positions());
    }
}

impl Known {
    fn of(&self, topic: &str) -> Asked {
        Asked { topic: topic.to_owned(), after: Some(self.position), epoch: Some(self.epoch.clone()) }
    }
}

/// What a client was told of a topic, beside what is true.
fn check(number: u64, topic: &str, told: &[Told], truth: &[u64]) {
    let mut known = 0;
    // The gap that is told when another log's position was asked for: from there, to where this log was.
    let mut other_log = None;
    for one in told {
        let missed = |after: u64, until: u64| truth.iter().find(|at| **at > after && **at <= until).copied();
        match one {
            Told::From { position, instead } => {
                known = *position;
                other_log = instead.map(|from| (from, *position));
            }
            Told::Event(position) => {
                assert!(truth.contains(position), "client {number}: {topic} has no event at {position}");
                let missed = missed(known, position - 1);
                assert_eq!(missed, None, "client {number}: {topic} jumped from {known} to {position}");
                known = *position;
                other_log = None;
            }
            Told::Gap { from, to, reason } if reason == "epoch" => {
                let expected = other_log.take();
                assert_eq!(Some((*from, *to)), expected, "client {number}: {topic}: another log, once and first");
            }
            Told::Gap { from, to, reason } => {
                // Nothing is removed here.
                assert_eq!(reason, "unavailable", "client {number}: {topic}");
                assert_eq!(missed(known, *from), None, "client {number}: {topic} lost more than the gap says");
                known = known.max(*to);
            }
        }
    }
    assert!(truth.last().is_none_or(|last| known >= *last), "client {number}: {topic} ends at {known}");
}

/// A connection; the system holds little for a narrow one.
async fn open(url: &str, narrow: bool) -> Result<WebSocketStream<TcpStream>, Box<dyn std::error::Error + Send + Sync>> {
    let address: SocketAddr = url.strip_prefix("http://").expect("a URL").parse()?;
    let socket = TcpSocket::new_v4()?;
    if narrow {
        socket.set_recv_buffer_size(4 << 10)?;
    }
    let stream = socket.connect(address).await?;
    let (socket, _) = client_async(format!("ws://{address}/api/ws"), stream).await?;
    Ok(socket)
}
