//! A client of the history: what it does at random, and what it checks of every frame.

use crate::{
    memory_log::{MemoryLog, Random, execution_id},
    memory_wire::{Frame, Frames, MemoryWire},
};
use hub::{Hub, Inbound, Kind, Outbound, Outgoing, Reads, Sending, Wired};
use protocol::{
    ClientId, Position, Timestamp, Topic, TopicKind,
    frame::{self, GapReason, ServerFrame},
};
use serde_json::json;
use std::{
    collections::{HashMap, VecDeque},
    pin::pin,
    sync::Arc,
    time::Duration,
};
use tokio::{sync::mpsc, task::JoinHandle, time::Instant};
use uuid::Uuid;

pub(crate) struct Client {
    number: u64,
    hub: Arc<Hub>,
    log: Arc<MemoryLog>,
    random: Random,
    gaps_are_allowed: bool,
    connection: Option<Connection>,
    connections: u64,
    /// By topic: everything up to here is known to this client. Survives reconnects.
    positions: HashMap<Topic, u64>,
    started: Instant,
}

/// One connection and what was asked on it.
struct Connection {
    inbound: Inbound,
    batches: mpsc::Receiver<Vec<String>>,
    /// Came while something was asked.
    unread: Vec<String>,
    pump: JoinHandle<()>,
    /// Requests not answered yet: their topics with `after`.
    asked: VecDeque<Vec<(Topic, Option<u64>)>>,
    active: Vec<Topic>,
    /// The past of something was asked for, and its end not told.
    is_behind: bool,
    /// Frames up to here may be for subscriptions that were given up or moved meanwhile.
    stale_until: u64,
}

impl Client {
    pub(crate) fn new(number: u64, hub: Arc<Hub>, log: Arc<MemoryLog>, random: Random, gaps_are_allowed: bool) -> Self {
        Self {
            number,
            hub,
            log,
            random,
            gaps_are_allowed,
            connection: None,
            connections: 0,
            positions: HashMap::new(),
            started: Instant::now(),
        }
    }

    /// Does this and that, then reads until all is quiet, and has everything.
    pub(crate) async fn live(mut self) {
        for _ in 0..self.random.below(60) + 10 {
            match self.random.below(20) {
                0 => self.connection = None,
                1..=4 => self.subscribe().await,
                5 | 6 => self.unsubscribe().await,
                7 => tokio::time::sleep(Duration::from_millis(self.random.below(200))).await,
                _ => {
                    let patience = Duration::from_millis(self.random.below(20));
                    self.read_for(patience).await;
                }
            }
        }
        // Longer than any retry of the log, with the publisher long gone.
        self.connect().await;
        while self.read_for(Duration::from_secs(120)).await {}
        let connection = self.connection.as_ref().unwrap();
        for topic in &connection.active {
            let missing = self.log.positions(topic, self.positions[topic], u64::MAX);
            assert_eq!(missing, Vec::<u64>::new(), "client {}: {topic} is not up to date", self.number);
        }
        assert!(!connection.is_behind, "client {}: was told of no end", self.number);
    }

    fn now(&self) -> Timestamp {
        Timestamp(self.started.elapsed().as_millis() as i64)
    }

    async fn connect(&mut self) {
        if self.connection.is_some() {
            return;
        }
        self.connections += 1;
        let id = ClientId(Uuid::from_u128(u128::from(self.number << 32 | self.connections)));
        let (inbound, outbound) =
            self.hub.connect(Kind::Client, id, Arc::new(protocol::Identity::local()), self.now()).await.unwrap();
        // Half of the connections have a socket, which the hub's task writes to itself.
        let (sender, batches) = mpsc::channel(1);
        let pump = if self.random.below(2) == 0 {
            tokio::spawn(pull(outbound, sender))
        } else {
            let seed = self.random.below(u64::MAX);
            let capacity = *self.random.pick(&[90, 700, 5_000, 200_000]);
            let wire = MemoryWire::new(capacity, Random::new(seed));
            let reads = Reads { deflate: self.random.below(2) == 0, batch: self.random.below(2) == 0 };
            tokio::spawn(read(outbound.over(wire.clone(), reads), wire, sender))
        };
        self.connection = Some(Connection {
            inbound,
            batches,
            unread: Vec::new(),
            pump,
            asked: VecDeque::new(),
            active: Vec::new(),
            is_behind: false,
            stale_until: 0,
        });
        let known: Vec<_> = self.positions.iter().map(|(topic, position)| (topic.clone(), Some(*position))).collect();
        if !known.is_empty() {
            self.ask("subscribe", known).await;
        }
    }

    async fn subscribe(&mut self) {
        self.connect().await;
        let mut topics = Vec::new();
        for _ in 0..=self.random.below(3) {
            let topic = self.topic();
            topics.retain(|(named, _)| *named != topic);
            let after = match self.random.below(4) {
                0 => None,
                1 => Some(self.random.below(self.log.len() + 3)),
                _ => self.positions.get(&topic).copied(),
            };
            topics.push((topic, after));
        }
        self.ask("subscribe", topics).await;
    }

    async fn unsubscribe(&mut self) {
        self.connect().await;
        let topic = self.topic();
        self.ask("unsubscribe", vec![(topic, None)]).await;
    }

    async fn ask(&mut self, kind: &str, topics: Vec<(Topic, Option<u64>)>) {
        let now = self.now();
        let connection = self.connection.as_mut().unwrap();
        let list: Vec<_> =
            topics.iter().map(|(topic, after)| json!({"topic": topic, "after": after, "epoch": "e1"})).collect();
        connection.asked.push_back(topics);
        let text = json!({"type": kind, "topics": list}).to_string();
        // Who does not read its answers is not read from: what comes meanwhile is taken, and looked at later.
        let Connection { inbound, batches, unread, .. } = connection;
        let mut asking = pin!(inbound.text(&text, now));
        loop {
            tokio::select! {
                biased;
                () = &mut asking => return,
                batch = batches.recv() => unread.extend(batch.expect("the connection stays open")),
            }
        }
    }

    fn topic(&mut self) -> Topic {
        match self.random.below(12) {
            0 => Topic::Events,
            1 => Topic::WorkflowExecutions,
            2 => Topic::Workflow("p".to_owned()),
            3 => Topic::Agent("a".to_owned()),
            4 => Topic::MemoryTimeline,
            5 => Topic::SystemAlerts,
            6 => Topic::All(TopicKind::Agent),
            7 => Topic::All(TopicKind::Workflow),
            8 => Topic::All(TopicKind::Execution),
            number => Topic::Execution(execution_id(number - 9)),
        }
    }

    /// Reads until nothing comes for so long. Says whether anything came.
    async fn read_for(&mut self, patience: Duration) -> bool {
        let mut any = false;
        loop {
            let Some(connection) = &mut self.connection else { return any };
            let mut batch = std::mem::take(&mut connection.unread);
            if batch.is_empty() {
                let received = tokio::time::timeout(patience, connection.batches.recv());
                let Ok(received) = received.await else { return any };
                batch = received.expect("the connection stays open");
            }
            any = true;
            // As many as there are in a message: one, or as many as there are lines.
            for (_, json) in batch.iter().flat_map(|message| frame::batch::frames(message)) {
                self.frame(serde_json::from_str(json).unwrap());
            }
        }
    }

    fn frame(&mut self, frame: ServerFrame) {
        let number = self.number;
        let connection = self.connection.as_mut().unwrap();
        match frame {
            ServerFrame::Hello { .. } | ServerFrame::Pong { .. } => {}
            ServerFrame::Subscribed { topics, .. } => {
                let asked = connection.asked.pop_front().expect("only what was asked is answered");
                assert_eq!(topics.len(), asked.len());
                for (answer, (topic, after)) in topics.into_iter().zip(asked) {
                    assert_eq!(answer.topic, topic);
                    let start = match after {
                        Some(after) if answer.recovered => after,
                        // A gap follows, unless the client wanted no past.
                        _ => answer.position.0,
                    };
                    assert!(answer.recovered || after.is_none_or(|after| after > 0), "{topic} after {after:?}");
                    connection.is_behind |= start < answer.position.0;
                    if connection.active.contains(&topic) {
                        connection.stale_until = connection.stale_until.max(answer.position.0);
                    } else {
                        connection.active.push(topic.clone());
                    }
                    self.positions.insert(topic, start);
                }
            }
            ServerFrame::Unsubscribed { topics, .. } => {
                let asked = connection.asked.pop_front().expect("only what was asked is answered");
                assert_eq!(topics, asked.into_iter().map(|(topic, _)| topic).collect::<Vec<_>>());
                connection.active.retain(|topic| !topics.contains(topic));
                self.positions.retain(|topic, _| !topics.contains(topic));
                connection.stale_until = connection.stale_until.max(self.log.len());
            }
            ServerFrame::Gap { topic, from, to, reason } => {
                match reason {
                    GapReason::Epoch => assert!(from.0 > 0, "{topic}: {from}"),
                    GapReason::Unavailable => assert!(self.gaps_are_allowed, "client {number}: {topic}"),
                    GapReason::Retention => panic!("nothing is removed here"),
                }
                let position = self.positions.get_mut(&topic).expect("a gap is of a subscription");
                if from <= to {
                    let untold = self.log.positions(&topic, *position, from.0);
                    assert_eq!(untold, Vec::<u64>::new(), "client {number}: {topic} lost more than the gap says");
                    *position = (*position).max(to.0);
                }
            }
            ServerFrame::CaughtUp { position } => {
                for topic in &connection.active {
                    let untold = self.log.positions(topic, self.positions[topic], position.0);
                    assert_eq!(untold, Vec::<u64>::new(), "client {number}: {topic} is behind {position}");
                }
                connection.is_behind = false;
            }
            ServerFrame::Event { topics, event } => {
                let at = event.position.expect("only durable events here").0;
                assert_eq!(topics, Topic::of(&event));
                let mut is_new = false;
                for topic in topics.iter().filter(|topic| connection.active.contains(topic)) {
                    let position = self.positions.get_mut(topic).expect("active topics have a position");
                    if at <= *position {
                        continue;
                    }
                    let missed = self.log.positions(topic, *position, at - 1);
                    assert_eq!(missed, Vec::<u64>::new(), "client {number}: {topic} jumped from {position} to {at}");
                    *position = at;
                    is_new = true;
                }
                let stale = Position(connection.stale_until);
                assert!(is_new || at <= stale.0, "client {number}: {topics:?} at {at} is double (stale {stale})");
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Gives on what is pulled, while the client takes it.
async fn pull(mut outbound: Outbound, sender: mpsc::Sender<Vec<String>>) {
    loop {
        match outbound.next().await {
            Sending::Batch(batch) => {
                let texts = batch.into_iter().filter_map(|outgoing| match outgoing {
                    Outgoing::Text(json) => Some(String::from_utf8(json.into()).unwrap()),
                    Outgoing::Ping => None,
                });
                if sender.send(texts.collect()).await.is_err() {
                    return;
                }
            }
            Sending::Close(close) => panic!("{close:?}"),
        }
    }
}

/// Gives on what was written to the socket, while the client takes it.
async fn read(wired: Wired, wire: Arc<MemoryWire>, sender: mpsc::Sender<Vec<String>>) {
    let reading = async {
        let mut frames = Frames::default();
        loop {
            let texts = frames.feed(&wire.read().await).into_iter().filter_map(|frame| match frame {
                Frame::Text(json) => Some(json),
                Frame::Ping => None,
                other => panic!("{other:?}"),
            });
            if sender.send(texts.collect()).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        ended = wired.run() => panic!("{ended:?}"),
        () = reading => {}
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.pump.abort();
    }
}
