//! One connection, from the handshake to its end.

use super::{
    ClientError, State, Told, clock,
    handle::{Ask, Shared},
    incoming::{Incoming, id},
    proof::{self, Proof},
    requests::Requests,
    resuming::Resuming,
};
use crate::wire::{Socket, is_terminal};
use futures::{SinkExt, StreamExt};
use protocol::{
    Epoch, Topic,
    frame::{Limits, close, portions},
};
use serde_json::{Value, json};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};
use tokio_tungstenite::tungstenite::Message;

/// The server is asked after so much silence, and given up after as much again.
const SILENCE: Duration = Duration::from_secs(25);
/// What was read and not taken over yet: then no more is read. While an answer is waited for it is, but events before the
/// answer are passed over, and asked for again when half of this is taken over.
const UNTOLD: usize = 64;
/// A server says hello within this time, or is none.
const GREETED: Duration = Duration::from_secs(10);
/// What was refused for now is asked for again after so long.
const AGAIN: Duration = Duration::from_secs(1);

/// How a connection ended.
#[derive(Debug, Default)]
pub(super) struct Ended {
    /// The server said hello, and took who this is for true.
    pub(super) greeted: bool,
    pub(super) code: Option<u16>,
    pub(super) why: String,
    /// The server said when to come back.
    pub(super) after: Option<Duration>,
    /// Another connection would end the same way.
    pub(super) terminal: bool,
}

pub(super) struct Connection<'a> {
    shared: Arc<Shared>,
    /// What was read and not taken over; the next connection's events come after it.
    untold: &'a mut VecDeque<Told>,
    requests: Requests,
    resuming: Resuming,
    proof: Option<Proof>,
    /// What the server said first, until it knows who this is.
    hello: Option<(Epoch, Limits)>,
    epoch: Option<Epoch>,
    /// Bytes of the largest message the server takes.
    frame_bytes: u32,
    /// Why a token was not taken, and whether it may be later.
    refused: Option<(String, bool)>,
    ended: Ended,
    /// What is to be sent.
    outgoing: Vec<String>,
}

impl<'a> Connection<'a> {
    pub(super) fn new(shared: Arc<Shared>, untold: &'a mut VecDeque<Told>, proof: Option<Proof>) -> Self {
        Self {
            shared,
            untold,
            requests: Requests::default(),
            resuming: Resuming::default(),
            proof,
            hello: None,
            epoch: None,
            frame_bytes: 0,
            refused: None,
            ended: Ended::default(),
            outgoing: Vec::new(),
        }
    }

    pub(super) async fn serve(
        mut self,
        mut socket: Socket,
        asked: &mut mpsc::Receiver<Ask>,
        tell: &mpsc::Sender<Told>,
    ) -> Ended {
        let mut heard = Instant::now();
        let greeted_by = heard + GREETED;
        let mut has_asked = false;
        let mut is_left = false;
        loop {
            self.catch_up();
            for text in std::mem::take(&mut self.outgoing) {
                self.shared.debug.sent(&text);
                if let Err(error) = socket.send(Message::text(text)).await {
                    // What the server said last tells more.
                    self.ended.why = error.to_string();
                }
            }
            let may_read = !self.is_full() || self.requests.wait() || self.epoch.is_none();
            tokio::select! {
                message = socket.next(), if may_read => {
                    heard = Instant::now();
                    has_asked = false;
                    match message {
                        Some(Ok(Message::Text(text))) => self.received(&text),
                        Some(Ok(Message::Close(frame))) => {
                            if let Some(frame) = frame {
                                self.closed(u16::from(frame.code), &frame.reason);
                            }
                        }
                        Some(Ok(_)) => {}
                        Some(Err(error)) if self.ended.why.is_empty() => {
                            self.ended.why = error.to_string();
                            break;
                        }
                        Some(Err(_)) | None => break,
                    }
                }
                room = tell.reserve(), if !self.untold.is_empty() => match room {
                    Ok(room) => if let Some(told) = self.untold.pop_front() { room.send(told) },
                    // Nobody listens: there may still be commands.
                    Err(_) => self.untold.clear(),
                },
                ask = asked.recv(), if self.epoch.is_some() && !is_left => match ask {
                    Some(ask) => self.asked(ask),
                    None => is_left = true,
                },
                frame = renewed(&mut self.proof), if self.epoch.is_some() => self.outgoing.push(frame.to_string()),
                () = self.resuming.again() => {}
                () = sleep_until(greeted_by), if self.epoch.is_none() && self.hello.is_none() => {
                    self.ended.why = "the server does not say hello".to_owned();
                    break;
                }
                () = tell.closed(), if is_left => {
                    let _ = socket.close(None).await;
                    self.ended.why = "nobody has a handle any more".to_owned();
                    break;
                }
                () = sleep_until(heard + SILENCE), if may_read => {
                    if has_asked {
                        self.ended.why = "the server does not answer".to_owned();
                        break;
                    }
                    (heard, has_asked) = (Instant::now(), true);
                    self.outgoing.push(json!({"type": "ping"}).to_string());
                }
            }
        }
        self.requests.disconnected();
        self.ended
    }

    fn received(&mut self, text: &str) {
        self.shared.debug.received(text);
        let incoming = match serde_json::from_str(text) {
            Ok(incoming) => incoming,
            Err(error) => {
                tracing::warn!(%error, "the server sent what cannot be read");
                return;
            }
        };
        match incoming {
            Incoming::Hello { epoch, limits } => match &self.proof {
                // Nothing is told or asked before the server knows who asks.
                Some(proof) => {
                    self.outgoing.push(proof.frame().to_string());
                    self.hello = Some((epoch, limits));
                }
                None => self.welcomed(epoch, limits),
            },
            Incoming::Authenticated { name, role, expires_at } => {
                if let Some(proof) = &mut self.proof {
                    proof.holds(expires_at, clock::now());
                }
                self.refused = None;
                if let Some((epoch, limits)) = self.hello.take() {
                    self.welcomed(epoch, limits);
                }
                self.untold.push_back(Told::Authenticated { name, role, expires_at });
                self.answered(text);
            }
            // What is in no log is gone: measurements, for instance.
            Incoming::PerformanceMetrics { .. } if self.is_full() => {}
            Incoming::Event { event, .. } if self.is_full() => {
                if event.position.is_some() {
                    self.shared.positions().unsubscribed();
                    self.resuming.fall_behind();
                }
            }
            Incoming::Event { topics, event } => {
                let topics = self.shared.positions().news(topics, event.position);
                if !topics.is_empty() {
                    self.untold.push_back(Told::Event { event, topics });
                }
            }
            Incoming::PerformanceMetrics { topics, metrics } => {
                let topics = self.shared.positions().news(topics, None);
                if !topics.is_empty() {
                    self.untold.push_back(Told::Metrics { metrics, topics });
                }
            }
            Incoming::Gap { topic, from, to, reason } => {
                // One of what was passed over is told again with the subscription.
                let is_news = self.epoch.as_ref().is_some_and(|epoch| self.shared.positions().gap(&topic, to, epoch));
                if is_news {
                    self.untold.push_back(Told::Gap { topic, from, to, reason });
                }
            }
            Incoming::Subscribed { topics } => {
                if let Some(epoch) = &self.epoch {
                    let mut positions = self.shared.positions();
                    topics.iter().for_each(|told| positions.subscribed(told, epoch));
                }
                self.answered(text);
                if self.resuming.answered(&id(text)).is_some() {
                    self.resume_next();
                }
            }
            Incoming::Unsubscribed { id: None, topics } => topics.into_iter().for_each(|topic| self.hidden(topic)),
            Incoming::Error { code, message, temporary } => {
                let error = ClientError::Refused { code: code.clone(), message: message.clone(), temporary };
                let id = id(text);
                if id == proof::ID || self.requests.is_proof(&id) {
                    // Who is somebody else with it stays who they are.
                    if code != "identity_changed" {
                        self.refused = Some((error.to_string(), temporary));
                    }
                    if let Some(proof) = self.proof.as_mut().filter(|_| temporary) {
                        proof.renew_later();
                    }
                }
                let is_told = self.requests.answer(&id, Err(error));
                let resumed = self.resuming.answered(&id);
                let is_resuming = resumed.is_some();
                if !self.is_asked_for_each(resumed, temporary) && !is_told {
                    self.untold.push_back(Told::Error { code, message, temporary });
                }
                if is_resuming {
                    self.resume_next();
                }
            }
            Incoming::Draining { reconnect_after_ms } => {
                self.ended.after = Some(Duration::from_millis(reconnect_after_ms));
            }
            Incoming::Unsubscribed { .. } | Incoming::Other => self.answered(text),
        }
    }

    fn asked(&mut self, ask: Ask) {
        // Of now: nobody waits for it any more, and it would be told as if it were new.
        if ask.frame["type"] == "publish" && ask.answer.is_closed() {
            return;
        }
        if let (Some(proof), Some(token)) = (&mut self.proof, ask.frame["token"].as_str()) {
            proof.sends(token);
        }
        let (_, text) = self.requests.send(ask);
        self.outgoing.push(text);
    }

    fn closed(&mut self, code: u16, reason: &str) {
        let refused = self.refused.take().filter(|_| code == close::UNAUTHENTICATED);
        self.ended.code = Some(code);
        self.ended.terminal = is_terminal(code) && !refused.as_ref().is_some_and(|(_, temporary)| *temporary);
        self.ended.why = refused.map_or_else(|| format!("closed with {code}: {reason}"), |(why, _)| why);
    }

    fn welcomed(&mut self, epoch: Epoch, limits: Limits) {
        self.epoch = Some(epoch.clone());
        self.frame_bytes = limits.frame_bytes;
        self.ended.greeted = true;
        self.shared.became(State::Open);
        // Before whatever waited.
        self.resume_all();
        self.untold.push_back(Told::Connected { epoch, limits });
    }

    /// No event is taken in.
    fn is_full(&self) -> bool {
        self.untold.len() >= UNTOLD
    }

    /// Asks for what was passed over, when there is room for it, and for what was refused for now, when it is time.
    fn catch_up(&mut self) {
        if self.epoch.is_none() {
            return;
        }
        if self.untold.len() <= UNTOLD / 2 && self.resuming.is_due() {
            self.resume_all();
        }
        self.resume_next();
    }

    /// Subscribes to everything again, each topic from where it was.
    fn resume_all(&mut self) {
        let topics: Vec<Topic> = self.shared.positions().snapshot().into_iter().map(|resume| resume.topic).collect();
        let frames = portions(self.shared.positions().requests(topics.iter()), self.frame_bytes);
        let mut topics = topics.into_iter();
        self.resuming.begin(frames.iter().map(|frame| topics.by_ref().take(frame.len()).collect()));
        self.resume_next();
    }

    /// Subscribes again, in one frame, each topic from where it was.
    fn resume(&mut self, topics: Vec<Topic>) {
        let requests = self.shared.positions().requests(topics.iter());
        // Its answer sets the positions; nobody else waits for it.
        let (answer, _) = oneshot::channel();
        let (id, text) = self.requests.send(Ask { frame: json!({"type": "subscribe", "topics": requests}), answer });
        self.resuming.asked(id, topics);
        self.outgoing.push(text);
    }

    fn resume_next(&mut self) {
        while let Some(mut topics) = self.resuming.next() {
            topics.retain(|topic| self.shared.positions().lacks(topic));
            if !topics.is_empty() {
                return self.resume(topics);
            }
        }
    }

    /// These topics were refused. True when they are asked for again, each alone; one that was alone is not wanted any
    /// more, unless the refusal was for now.
    fn is_asked_for_each(&mut self, resumed: Option<Vec<Topic>>, temporary: bool) -> bool {
        match resumed {
            Some(topics) if !temporary && topics.len() > 1 => {
                self.resuming.part(topics);
                true
            }
            Some(topics) if !temporary => {
                topics.iter().for_each(|topic| self.shared.positions().forget(topic));
                false
            }
            Some(topics) => {
                self.resuming.later(topics, AGAIN);
                false
            }
            None => false,
        }
    }

    /// With a lesser role it is not ours to see any more: asked for again, it would be refused.
    fn hidden(&mut self, topic: Topic) {
        let mut positions = self.shared.positions();
        if positions.wants(&topic) {
            positions.forget(&topic);
            let message = format!("topic `{topic}` is not this client's to see any more");
            self.untold.push_back(Told::Error { code: "forbidden".to_owned(), message, temporary: false });
        }
    }

    fn answered(&mut self, text: &str) {
        let Ok(answer) = serde_json::from_str::<Value>(text) else { return };
        self.requests.answer(&answer["id"].clone(), Ok(answer));
    }
}

/// The frame that renews the proof, when it is time to.
async fn renewed(proof: &mut Option<Proof>) -> Value {
    match proof {
        Some(proof) => proof.renewed().await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
