//! The state machine itself.

use super::{budget::Budget, door::Door, limits, parse, worker::Standing};
use crate::{HubConfig, Kind};
use protocol::{
    Action, ClientId, Epoch, Identity, Position, Timestamp, Topic,
    frame::{ClientFrame, FromWorker, Limits, ServerFrame, TopicRequest, close},
};
use serde_json::Value;
use std::{collections::HashSet, sync::Arc};

/// What the session wants done, in order.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "one or two at a time, never kept")]
pub enum Output {
    Send(ServerFrame),
    /// Ask the hub; it answers with `subscribed`.
    Subscribe {
        id: Option<Value>,
        requests: Vec<Resume>,
    },
    /// Ask the hub; it answers with `unsubscribed`.
    Unsubscribe {
        id: Option<Value>,
        topics: Vec<Topic>,
    },
    /// Ask who the token's is, and tell [`Session::authenticated`] before anything else.
    Authenticate {
        id: Option<Value>,
        token: String,
    },
    /// Call the API; answered with `reply` or `error` of the same id.
    Call {
        who: Arc<Identity>,
        id: Value,
        method: String,
        params: Value,
    },
    /// Publish a message; answered with `published` or `error`, in order.
    Publish {
        id: Option<Value>,
        message: Value,
    },
    /// A frame for the worker's port: `worker_join` first and once.
    Worker(FromWorker),
    /// Send a WebSocket ping.
    Ping,
    /// End the connection after what was sent before.
    Close(Close),
}

/// One topic to subscribe to. Without `after`: live only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    pub topic: Topic,
    pub after: Option<Position>,
    pub epoch: Option<Epoch>,
}

/// How a connection ends: a code of RFC 6455 or of `protocol::frame::close`, and words for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    pub code: u16,
    pub reason: &'static str,
}

/// The server is being stopped.
pub const GOING_AWAY: Close = Close { code: close::DRAINING, reason: "the server is going away: come back" };

const FLOODING: &str = "too many frames in too short a time";

/// The state of one client.
#[derive(Debug)]
pub struct Session {
    limits: Limits,
    /// Of the largest message of anybody, and of the one who is there.
    client_frame_bytes: u32,
    frame_bytes: u32,
    pub(super) door: Door,
    pub(super) standing: Standing,
    /// What it does work of, once it has joined as a worker.
    pub(super) joined: Vec<String>,
    pub(super) topics: HashSet<Topic>,
    topic_changes: Budget,
    commands: Budget,
    messages: Budget,
    invalid: Budget,
    refused: Budget,
    heard_at: Timestamp,
    pings: u64,
    pub(super) closed: bool,
}

impl Session {
    /// A new client, and the `hello` it gets.
    pub fn open(
        kind: Kind,
        client: ClientId,
        who: Option<Arc<Identity>>,
        epoch: Epoch,
        config: &HubConfig,
        now: Timestamp,
    ) -> (Self, Output) {
        let limits = config.limits_of(kind);
        let burst = topics_burst(&limits);
        let mut session = Self {
            limits,
            client_frame_bytes: config.limits.frame_bytes,
            frame_bytes: config.limits.frame_bytes,
            door: Door::new(who, now),
            standing: kind.into(),
            joined: Vec::new(),
            topics: HashSet::new(),
            topic_changes: Budget::full(burst, limits::TOPIC_CHANGES_MILLI_PER_S, now),
            commands: Budget::full(limits::COMMANDS_BURST, limits::COMMANDS_MILLI_PER_S, now),
            messages: Budget::full(limits::MESSAGES_BURST, limits::MESSAGES_MILLI_PER_S, now),
            invalid: Budget::full(limits::INVALID_BURST, limits::INVALID_MILLI_PER_S, now),
            refused: Budget::full(limits::REFUSED_BURST, limits::REFUSED_MILLI_PER_S, now),
            heard_at: now,
            pings: 0,
            closed: false,
        };
        session.settle_frame_bytes();
        (session, Output::Send(ServerFrame::Hello { epoch, client, limits }))
    }

    /// Bytes of the largest message it may send now. What workers may send is theirs who are known to be one: anybody
    /// can ask for the subprotocol.
    pub fn frame_bytes(&self) -> u32 {
        self.frame_bytes
    }

    /// To be called whenever who is there may have changed.
    pub(super) fn settle_frame_bytes(&mut self) {
        let is_trusted = self.door.is_known() && self.who().may(Action::TakeTasks);
        self.frame_bytes = if is_trusted { self.limits.frame_bytes } else { self.client_frame_bytes };
    }

    /// Who is at the other end.
    pub fn who(&self) -> &Arc<Identity> {
        self.door.who()
    }

    /// When this ends, unless a proof comes before.
    pub fn until(&self) -> Option<Timestamp> {
        self.door.until()
    }

    /// A text message. An invalid one changes nothing.
    pub fn text(&mut self, text: &str, now: Timestamp) -> Vec<Output> {
        self.heard(now);
        if self.closed {
            return Vec::new();
        }
        if self.door.is_over(now) {
            return self.over();
        }
        if text.len() > self.frame_bytes as usize {
            return self.close(1009, "the message is larger than limits.frame_bytes");
        }
        // Of nobody nothing is built in memory: a few bytes of JSON are many there.
        if !self.door.is_known() && !parse::is_authenticate(text) {
            return self.unproven_frame();
        }
        match parse::parse(text) {
            Ok(frame) if !self.door.lets_through(&frame) => self.unproven_frame(),
            Ok(parse::Frame::Client(frame)) => self.frame(frame, now),
            Ok(parse::Frame::Worker(frame)) => self.worker_frame(frame, now),
            Err(parse::Invalid { id, code, message }) => self.invalid(id, code, message, now),
        }
    }

    /// One of the frames of a text message, on this line of it. What is wrong with it is told with the line.
    pub fn line(&mut self, line: usize, frame: &str, now: Timestamp) -> Vec<Output> {
        let mut outputs = self.text(frame, now);
        for output in &mut outputs {
            if let Output::Send(ServerFrame::Error { message, .. }) = output {
                // Of the JSON by itself every place is on the first.
                *message = format!("line {line}: {}", message.replacen(" at line 1 column ", " at column ", 1));
            }
        }
        outputs
    }

    /// A binary message: there are none in this protocol.
    pub fn binary(&mut self, now: Timestamp) -> Vec<Output> {
        self.heard(now);
        if self.closed {
            return Vec::new();
        }
        if self.door.is_over(now) {
            return self.over();
        }
        if !self.door.is_known() {
            return self.unproven_frame();
        }
        self.invalid(None, "binary", "frames are JSON in text messages; this one was binary".to_owned(), now)
    }

    /// A ping of the WebSocket, which is a sign of life. Whether it is answered: those that come too often are not, and
    /// end the connection in the end.
    pub fn ping(&mut self, now: Timestamp) -> (bool, Vec<Output>) {
        self.heard(now);
        if self.closed || self.commands.take(1, now) {
            return (!self.closed, Vec::new());
        }
        let is_flooding = !self.refused.take(1, now);
        (false, if is_flooding { self.close(close::FLOODING, FLOODING) } else { Vec::new() })
    }

    /// Any sign of life: a message, a ping, a pong.
    pub fn heard(&mut self, now: Timestamp) {
        self.heard_at = now;
        self.pings = 0;
    }

    /// Time has passed. To be called about as often as [`Session::tick_ms`] says.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Output> {
        if self.closed {
            return Vec::new();
        }
        if self.door.is_over(now) {
            return self.over();
        }
        let silent_ms = now.ms_since(self.heard_at);
        if silent_ms >= u64::from(self.limits.idle_timeout_ms) {
            return self.close(close::IDLE, "nothing was heard from the client for limits.idle_timeout_ms");
        }
        let due = silent_ms / self.tick_ms();
        if due > self.pings {
            self.pings = due;
            return vec![Output::Ping];
        }
        Vec::new()
    }

    /// Milliseconds between ticks that suffice.
    pub fn tick_ms(&self) -> u64 {
        (u64::from(self.limits.idle_timeout_ms) / (limits::PINGS_BEFORE_IDLE + 1)).max(1)
    }

    fn frame(&mut self, frame: ClientFrame, now: Timestamp) -> Vec<Output> {
        match frame {
            ClientFrame::Subscribe { id, topics } => self.subscribe(id, topics, now),
            ClientFrame::Unsubscribe { id, topics } => self.unsubscribe(id, topics, now),
            ClientFrame::Command { id, method, params } => {
                if !self.commands.take(1, now) {
                    return self.refused(Some(id), "more commands than 50 a second", now);
                }
                vec![Output::Call { who: self.who().clone(), id, method, params }]
            }
            ClientFrame::Authenticate { id, token } => {
                if !self.commands.take(1, now) {
                    return self.refused(id, "more commands than 50 a second", now);
                }
                vec![Output::Authenticate { id, token }]
            }
            ClientFrame::Publish { id, message } => {
                if !self.messages.take(1, now) {
                    return self.refused(id, "more messages than 1,000 a second", now);
                }
                vec![Output::Publish { id, message }]
            }
            ClientFrame::Ping { id } => {
                if !self.commands.take(1, now) {
                    return self.refused(id, "more pings and commands than 50 a second", now);
                }
                vec![Output::Send(ServerFrame::Pong { id })]
            }
        }
    }

    fn subscribe(&mut self, id: Option<Value>, topics: Vec<TopicRequest>, now: Timestamp) -> Vec<Output> {
        let names = match self.names(&id, &topics, now) {
            Ok(names) => names,
            Err(outputs) => return outputs,
        };
        for (index, topic) in names.iter().enumerate() {
            if let Err(problem) = self.who().require_topic(topic) {
                let message = format!("field `topics[{index}]`: {}", problem.detail);
                return declined(id, "forbidden", message);
            }
        }
        let mut requests: Vec<Resume> = Vec::with_capacity(names.len());
        for (topic, request) in names.into_iter().zip(topics) {
            let (after, epoch) = match request {
                TopicRequest::Name(_) => (None, None),
                TopicRequest::From { after, epoch, .. } => (after, epoch),
            };
            // Named twice: the last one counts.
            requests.retain(|earlier| earlier.topic != topic);
            requests.push(Resume { topic, after, epoch });
        }
        let added = requests.iter().filter(|request| !self.topics.contains(&request.topic)).count();
        if self.topics.len() + added > self.limits.topics as usize {
            let message = format!("field `topics`: at most {} topics at once", self.limits.topics);
            return declined(id, "too_many_topics", message);
        }
        self.topics.extend(requests.iter().map(|request| request.topic.clone()));
        vec![Output::Subscribe { id, requests }]
    }

    fn unsubscribe(&mut self, id: Option<Value>, topics: Vec<TopicRequest>, now: Timestamp) -> Vec<Output> {
        match self.names(&id, &topics, now) {
            Ok(topics) => {
                for topic in &topics {
                    self.topics.remove(topic);
                }
                vec![Output::Unsubscribe { id, topics }]
            }
            Err(outputs) => outputs,
        }
    }

    fn names(
        &mut self,
        id: &Option<Value>,
        topics: &[TopicRequest],
        now: Timestamp,
    ) -> Result<Vec<Topic>, Vec<Output>> {
        let count = u32::try_from(topics.len()).unwrap_or(u32::MAX).max(1);
        let most = topics_burst(&self.limits);
        // More than that would be too fast however long somebody waits.
        let fits = count <= most;
        if !self.topic_changes.take(if fits { count } else { 1 }, now) {
            return Err(self.refused(id.clone(), "more topics subscribed and unsubscribed than 100 a second", now));
        }
        if !fits {
            let message = format!("field `topics`: at most {most} topics in one frame");
            return Err(declined(id.clone(), "too_many_topics", message));
        }
        let mut names = Vec::with_capacity(topics.len());
        for (index, request) in topics.iter().enumerate() {
            match request.name().parse() {
                Ok(topic) => names.push(topic),
                Err(error) => {
                    let message = format!("field `topics[{index}]`: {error}");
                    return Err(declined(id.clone(), "invalid_topic", message));
                }
            }
        }
        Ok(names)
    }

    pub(super) fn invalid(
        &mut self,
        id: Option<Value>,
        code: &'static str,
        message: String,
        now: Timestamp,
    ) -> Vec<Output> {
        let mut outputs =
            vec![Output::Send(ServerFrame::Error { id, code: code.to_owned(), message, temporary: false })];
        if !self.invalid.take(1, now) {
            outputs.extend(self.close(close::INVALID, "repeated invalid frames"));
        }
        outputs
    }

    fn refused(&mut self, id: Option<Value>, what: &str, now: Timestamp) -> Vec<Output> {
        let mut outputs = vec![Output::Send(ServerFrame::Error {
            id,
            code: "rate_limited".to_owned(),
            message: format!("{what}: wait a second and send it again"),
            temporary: true,
        })];
        if !self.refused.take(1, now) {
            outputs.extend(self.close(close::FLOODING, FLOODING));
        }
        outputs
    }

    pub(super) fn close(&mut self, code: u16, reason: &'static str) -> Vec<Output> {
        self.closed = true;
        vec![Output::Close(Close { code, reason })]
    }
}

/// Topics subscribed and unsubscribed at once.
fn topics_burst(limits: &Limits) -> u32 {
    limits.topics.saturating_mul(limits::TOPIC_CHANGES_BURST_PER_TOPIC)
}

/// Topics that are well-formed JSON and not to be had: no mistake against the protocol, as after a reconnect of one whose
/// rights were lessened, or who asks for each of its topics to find the one that is none. A flood of them is one of topics,
/// which have a budget.
fn declined(id: Option<Value>, code: &'static str, message: String) -> Vec<Output> {
    vec![Output::Send(ServerFrame::Error { id, code: code.to_owned(), message, temporary: false })]
}
