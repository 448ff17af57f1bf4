//! What the client says: the session's outputs, carried out.

use super::{
    answers::Calls,
    publishing::Publishing,
    shared::{Presence, Shared},
};
use crate::{
    bus::{Core, Input, Start},
    session::{Close, Output, Resume, Session},
    workers::Line,
};
use bytes::Bytes;
use protocol::{
    Identity, Position, Problem, Timestamp,
    frame::{FromWorker, GapReason, ServerFrame, batch, close, worker::WorkerJoin},
};
use std::{collections::VecDeque, sync::Arc, time::Duration};

/// How long telling who somebody is may take; their next frames wait for it.
const PROVING: Duration = Duration::from_secs(10);

/// The receiving half. Feed it what the socket brings, in order, and tick it.
pub struct Inbound {
    session: Session,
    shared: Arc<Shared>,
    core: Arc<Core>,
    calls: Calls,
    publishing: Publishing,
    _presence: Arc<Presence>,
}

impl Inbound {
    pub(crate) fn new(session: Session, shared: Arc<Shared>, core: Arc<Core>, presence: Arc<Presence>) -> Self {
        let calls = Calls::new(shared.clone(), core.clone());
        let publishing = Publishing::new(shared.clone(), core.clone());
        Self { session, shared, core, calls, publishing, _presence: presence }
    }

    /// A text message. Resolves when the next one may be read: not while the client leaves too many answers
    /// unread. Of a connection that is being closed nothing is taken any more, here and in what follows: whoever closes
    /// it may have found that nothing of it may be obeyed, and its writing may last.
    pub async fn text(&mut self, text: &str, now: Timestamp) {
        if self.shared.is_closing() {
            return;
        }
        let outputs = self.session.text(text, now);
        self.carry_out(outputs, now).await;
        self.shared.room_for_answers().await;
    }

    /// A text message of a client that may send several frames in one. Each is taken as if it had come alone, and
    /// counts as if it had.
    pub async fn batch(&mut self, text: &str, now: impl Fn() -> Timestamp) {
        self.session.heard(now());
        let is_batch = batch::frames(text).nth(1).is_some();
        for (line, frame) in batch::frames(text) {
            if self.shared.is_closing() {
                return;
            }
            // A proof may end while this waits for what was said before.
            let now = now();
            let outputs = if is_batch { self.session.line(line, frame, now) } else { self.session.text(frame, now) };
            self.carry_out(outputs, now).await;
            self.shared.room_for_answers().await;
            // Thousands may be in one message: others have their turn between them.
            tokio::task::coop::consume_budget().await;
        }
    }

    /// A binary message.
    pub async fn binary(&mut self, now: Timestamp) {
        if self.shared.is_closing() {
            return;
        }
        let outputs = self.session.binary(now);
        self.carry_out(outputs, now).await;
        self.shared.room_for_answers().await;
    }

    /// A ping, which is answered, over a connection with a socket of its own.
    pub async fn ping(&mut self, payload: Bytes, now: Timestamp) {
        if self.shared.is_closing() {
            return;
        }
        let (is_answered, outputs) = self.session.ping(now);
        if is_answered {
            self.shared.pong(payload);
        }
        self.carry_out(outputs, now).await;
    }

    /// A pong.
    pub fn heard(&mut self, now: Timestamp) {
        self.session.heard(now);
    }

    /// Time has passed: to be called every [`Inbound::tick_ms`].
    pub async fn tick(&mut self, now: Timestamp) {
        let outputs = self.session.tick(now);
        self.carry_out(outputs, now).await;
    }

    /// Bytes of the largest message the socket is to take in: it may change with each one.
    pub fn frame_bytes(&self) -> u32 {
        self.session.frame_bytes()
    }

    /// Milliseconds between ticks.
    pub fn tick_ms(&self) -> u64 {
        self.session.tick_ms()
    }

    /// Ends the connection, for a reason the socket found.
    pub fn close(&self, code: u16, reason: &'static str) {
        self.shared.close(Close { code, reason });
    }

    /// What was asked for is done in its order: what follows an `authenticate` waits for its answer.
    pub(crate) async fn carry_out(&mut self, outputs: Vec<Output>, now: Timestamp) {
        let ends = |outputs: &[Output]| outputs.iter().any(|output| matches!(output, Output::Close(_)));
        let mut is_end = ends(&outputs);
        let mut outputs = VecDeque::from(outputs);
        while let Some(output) = outputs.pop_front() {
            match output {
                Output::Authenticate { id, token } => {
                    let proven = self.authenticate(&token).await;
                    let then = self.session.authenticated(id, proven, now);
                    is_end |= ends(&then);
                    then.into_iter().rev().for_each(|output| outputs.push_front(output));
                    self.note_proof();
                }
                Output::Send(frame) => {
                    if let ServerFrame::Error { code, .. } = &frame
                        && !is_end
                    {
                        self.core.counters.answered_with(code);
                    }
                    self.shared.answer(&frame);
                }
                Output::Ping => self.shared.ping(),
                Output::Close(close) if matches!(close.code, close::UNAUTHENTICATED | close::FORBIDDEN) => {
                    self.shared.disown(close);
                }
                Output::Close(close) => self.shared.close(close),
                Output::Call { who, id, method, params } => self.calls.start(who, id, method, params),
                Output::Publish { id, message } => {
                    self.publishing.publish(self.session.who().clone(), id, message).await;
                }
                Output::Worker(FromWorker::Join(join)) => self.join_worker(join),
                Output::Worker(frame) => {
                    if let Some(worker) = self.shared.worker() {
                        worker.frame(frame).await;
                    }
                }
                Output::Subscribe { id, requests } => {
                    let topics = self.starts(requests).await;
                    self.ask(Input::Subscribe { client: self.shared.client, id, topics }).await;
                }
                Output::Unsubscribe { id, topics } => {
                    self.ask(Input::Unsubscribe { client: self.shared.client, id, topics }).await;
                }
            }
        }
    }

    /// Tells the hub who this is, and until when, so that it can end what has ended.
    pub(crate) fn note_proof(&self) {
        self.core.holders.note(&self.shared, self.session.who(), self.session.until());
    }

    async fn authenticate(&self, token: &str) -> Result<Identity, Problem> {
        let later = |detail| Problem::new(503, "unavailable", "Unavailable", detail).temporary();
        let authenticator = self.core.authenticator.get().ok_or_else(|| later("nobody can prove who they are yet"))?;
        let proven = tokio::time::timeout(PROVING, authenticator.authenticate(token)).await;
        proven.unwrap_or_else(|_| Err(later("who this is could not be told in time: send it again")))
    }

    fn join_worker(&self, join: WorkerJoin) {
        let id = join.id.clone();
        let joined = match self.core.workers.get() {
            Some(workers) => workers.join(join, Line::of(&self.shared)),
            None => Err(Problem::new(503, "unavailable", "Unavailable", "no worker can join yet").temporary()),
        };
        match joined {
            Ok(worker) => self.shared.set_worker(worker),
            Err(Problem { code, detail: message, temporary, .. }) => {
                self.shared.answer(&ServerFrame::Error { id, code, message, temporary });
                self.close(close::DRAINING, "the worker could not join: come back");
            }
        }
    }

    async fn ask(&self, input: Input) {
        // The hub's task ends only at shutdown, when every connection is closed anyway.
        let _ = self.core.inputs.send(input).await;
    }

    /// Where each topic starts. A position beyond the newest is of another history.
    async fn starts(&self, requests: Vec<Resume>) -> Vec<(protocol::Topic, Start)> {
        let epoch = self.core.log.epoch();
        let published = self.core.position();
        let mut head = None;
        let mut starts = Vec::with_capacity(requests.len());
        for Resume { topic, after, epoch: theirs } in requests {
            let start = match after {
                None => Start::Live,
                Some(from) if theirs.is_some_and(|theirs| theirs != epoch) => {
                    Start::Gap { from, reason: GapReason::Epoch }
                }
                Some(after) if after <= published => Start::After(after),
                Some(after) => {
                    if head.is_none() {
                        head = Some(self.core.log.head().await);
                    }
                    compared(after, &head)
                }
            };
            starts.push((topic, start));
        }
        starts
    }
}

fn compared(after: Position, head: &Option<Result<Position, crate::LogUnavailable>>) -> Start {
    match head {
        Some(Ok(head)) if after <= *head => Start::After(after),
        Some(Err(_)) => Start::Gap { from: after, reason: GapReason::Unavailable },
        _ => Start::Gap { from: after, reason: GapReason::Epoch },
    }
}
