//! What waits to be sent to one client, and where it stands with respect to the live stream.
//!
//! Pure but for the instants it is given. The hub's task puts in, the connection takes out; both hold the
//! mutex around it for a moment. Three lanes: *control* (answers, in order of the requests; they go first),
//! *live* (durable events, bounded in bytes and age) and *ephemeral*. While a catch-up runs the live lane waits
//! behind it. What was taken out is no lane's any more: it goes to the socket, whatever happens here.

use super::{
    catch_up::{CatchUp, Lost, Request, Want},
    ephemeral::{Ephemeral, Key},
};
use crate::{encode, session::Close, wire::Frame};
use bytes::Bytes;
use protocol::{
    Position, Topic,
    frame::{GapReason, ServerFrame},
};
use std::{collections::VecDeque, time::Duration};
use tokio::time::Instant;

/// Bytes handed to the socket at once: large enough that one flush carries hundreds of ordinary events, small
/// enough that nearly everything of a stuck client is still here to be dropped. A quarter of a small limit.
const TAKE_BYTES: usize = 64 << 10;

/// A catch-up holds a quarter of the limit, and so do answers.
const SHARE: usize = 4;

#[derive(Debug)]
pub(crate) struct Outbox {
    limit_bytes: usize,
    limit_age: Duration,
    take_bytes: usize,
    control: VecDeque<Control>,
    control_bytes: usize,
    /// The answer to the newest ping of the client: one is enough (RFC 6455, 5.5.3), and one is bounded.
    pong: Option<Bytes>,
    live: VecDeque<Live>,
    live_bytes: usize,
    /// Taken by the socket and perhaps not written yet.
    taken_bytes: usize,
    ephemeral: Ephemeral,
    /// Live events up to here are not wanted: the log gave them.
    floor: Position,
    /// Cut from the live stream: everything comes from the log until the two are joined.
    catch_up: Option<Box<CatchUp>>,
    join_asked: bool,
    /// Somebody asked for what the catch-up brings, and is told when it has.
    owes_end: bool,
    closing: Option<Close>,
}

/// A durable event on its way.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub(crate) position: Position,
    pub(crate) frame: Frame,
    pub(crate) since: Instant,
}

#[derive(Debug)]
enum Control {
    Frame(Frame),
    Ping,
}

/// Something to send.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Piece {
    Message(Frame),
    Ping,
    Pong(Bytes),
}

/// What the connection is to do next.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    Send(Vec<Piece>),
    Close(Close),
    Want(Want),
    Wait,
}

/// The live lane holds more than it may, or for longer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Overflow;

impl Outbox {
    pub(crate) fn new(limit_bytes: usize, limit_age: Duration) -> Self {
        Self {
            limit_bytes,
            limit_age,
            take_bytes: TAKE_BYTES.min(limit_bytes / SHARE).max(1),
            control: VecDeque::new(),
            control_bytes: 0,
            pong: None,
            live: VecDeque::new(),
            live_bytes: 0,
            taken_bytes: 0,
            ephemeral: Ephemeral::default(),
            floor: Position(0),
            catch_up: None,
            join_asked: false,
            owes_end: false,
            closing: None,
        }
    }

    /// Everything held for this client, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.control_bytes
            + self.live_bytes
            + self.taken_bytes
            + self.ephemeral.bytes()
            + self.catch_up.as_ref().map_or(0, |catch_up| catch_up.bytes())
    }

    /// So many bytes are on their way to the socket.
    pub(crate) fn set_taken(&mut self, bytes: usize) {
        self.taken_bytes = bytes;
    }

    /// Live events up to here are passed over.
    pub(crate) fn floor(&self) -> Position {
        self.floor
    }

    /// Bytes of frames a catch-up may hold.
    pub(crate) fn catch_up_budget(&self) -> usize {
        self.limit_bytes / SHARE
    }

    /// Answers still have room; a client that does not read them is not read from.
    pub(crate) fn has_room_for_answers(&self) -> bool {
        self.control_bytes < self.limit_bytes / SHARE
    }

    pub(crate) fn answer(&mut self, frame: &ServerFrame) {
        if self.closing.is_none() {
            self.push_control(encode::frame(frame));
        }
    }

    /// Adds a frame to the control lane.
    pub(crate) fn push_control(&mut self, frame: Frame) {
        if self.closing.is_none() {
            self.control_bytes += frame.len();
            self.control.push_back(Control::Frame(frame));
        }
    }

    /// The next batch is not full of answers yet.
    pub(crate) fn has_room_for_a_batch(&self) -> bool {
        self.closing.is_none() && self.control_bytes < self.take_bytes
    }

    pub(crate) fn ping(&mut self) {
        if self.closing.is_none() {
            self.control.push_back(Control::Ping);
        }
    }

    /// Answers a ping.
    pub(crate) fn pong(&mut self, payload: Bytes) {
        if self.closing.is_none() {
            self.pong = Some(payload);
        }
    }

    /// Nothing waits and nothing is on its way: what is sent now is next.
    pub(crate) fn is_idle(&self) -> bool {
        self.taken_bytes == 0
            && self.live.is_empty()
            && self.control.is_empty()
            && self.pong.is_none()
            && self.ephemeral.is_empty()
            && self.catch_up.is_none()
            && self.closing.is_none()
    }

    /// Ends the connection after the answers that wait. The first reason counts.
    pub(crate) fn close(&mut self, close: Close) {
        self.closing.get_or_insert(close);
        self.forget_live();
        self.catch_up = None;
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.is_some()
    }

    /// Adds live events in position order. On overflow they are in all the same: [`Outbox::cut`] follows.
    pub(crate) fn push_live(&mut self, events: impl Iterator<Item = Live>, now: Instant) -> Result<(), Overflow> {
        if self.closing.is_some() {
            return Ok(());
        }
        for event in events {
            if event.position > self.floor {
                self.live_bytes += event.frame.len();
                self.live.push_back(event);
            }
        }
        let too_old = self.live.front().is_some_and(|oldest| now.duration_since(oldest.since) > self.limit_age);
        if !self.live.is_empty() && (too_old || self.bytes() > self.limit_bytes) { Err(Overflow) } else { Ok(()) }
    }

    /// `count`: how many events are in the frame. Returns how many gave way.
    pub(crate) fn push_ephemeral(&mut self, key: Option<Key>, frame: Frame, count: u64) -> u64 {
        if self.closing.is_some() { count } else { self.ephemeral.push(key, frame, count) }
    }

    /// Starts `topics` from the log, each after its position, while the hub is at `head`. The live stream goes
    /// on behind it if nothing of it waits; else it must be cut, and false is returned.
    #[must_use]
    pub(crate) fn resume(&mut self, topics: &[(Topic, Position)], head: Position) -> bool {
        if self.closing.is_some() {
            return true;
        }
        let joined = self.catch_up.as_ref().is_none_or(|catch_up| catch_up.until().is_some());
        if !joined || !self.live.is_empty() {
            return false;
        }
        self.owes_end |= !topics.is_empty();
        let (head, budget) = (head.max(self.floor), self.catch_up_budget());
        let catch_up = self.catch_up.get_or_insert_with(|| Box::new(CatchUp::new(head, budget)));
        for (topic, after) in topics {
            catch_up.add(topic.clone(), *after);
        }
        catch_up.join(head);
        true
    }

    /// Cuts the connection from the live stream: drops the live lane, and lets the log serve every topic of
    /// `subscriptions` from where it stood; `topics` (some of them) from the positions given. `head`: everything
    /// up to there was put in here, where it belonged.
    pub(crate) fn cut<'a>(
        &mut self,
        subscriptions: impl Iterator<Item = (&'a Topic, Position)>,
        topics: &[(Topic, Position)],
        head: Position,
    ) {
        if self.closing.is_some() {
            return;
        }
        let reached = self.reached_live(head);
        self.forget_live();
        self.join_asked = false;
        self.owes_end |= !topics.is_empty();
        let budget = self.catch_up_budget();
        let catch_up = self.catch_up.get_or_insert_with(|| Box::new(CatchUp::new(reached, budget)));
        catch_up.reopen();
        for (topic, floor) in subscriptions {
            // A topic of the running catch-up stands where that is; the others, where the live lane was.
            if !catch_up.has(topic) {
                catch_up.add(topic.clone(), reached.max(floor));
            }
        }
        for (topic, after) in topics {
            catch_up.add(topic.clone(), *after);
        }
    }

    /// Up to where the client was given a topic's events, or has them on the way, the hub being at `head`. It is
    /// subscribed from `floor` on.
    pub(crate) fn reached(&self, topic: &Topic, floor: Position, head: Position) -> Position {
        let behind = self.catch_up.as_ref().and_then(|catch_up| catch_up.reached(topic));
        behind.unwrap_or_else(|| self.reached_live(head).max(floor))
    }

    fn reached_live(&self, head: Position) -> Position {
        self.live.front().map_or(head.max(self.floor), |first| Position(first.position.0 - 1))
    }

    pub(crate) fn remove_topic(&mut self, topic: &Topic) {
        if let Some(catch_up) = &mut self.catch_up {
            catch_up.remove(topic);
        }
    }

    /// Nothing is subscribed any more: what waits is for nobody.
    pub(crate) fn forget_live(&mut self) {
        self.live = VecDeque::new();
        self.live_bytes = 0;
    }

    /// Joins the catch-up to the live stream, the hub being at `head`; later events will be pushed.
    pub(crate) fn join(&mut self, head: Position) {
        self.join_asked = false;
        if let Some(catch_up) = &mut self.catch_up {
            self.floor = catch_up.join(head);
        }
    }

    pub(crate) fn catch_up(&mut self) -> Option<&mut CatchUp> {
        self.catch_up.as_deref_mut()
    }

    /// The log does not serve a topic of the catch-up, the hub being at `head`: the client is told what it will not get,
    /// before anything more. Whether there was something to tell.
    pub(crate) fn lose(&mut self, request: &Request, reason: GapReason, head: Position) -> bool {
        let Some(Lost { from, to }) = self.catch_up.as_mut().and_then(|catch_up| catch_up.lose(request, head)) else {
            return false;
        };
        self.answer(&ServerFrame::Gap { topic: request.topic.clone(), from, to, reason });
        true
    }

    /// What to do next, the hub being at `head`. What was taken before counts as written.
    pub(crate) fn step(&mut self, head: Position) -> Step {
        self.taken_bytes = 0;
        let mut batch = Vec::new();
        self.take(&mut batch);
        if !batch.is_empty() {
            return Step::Send(batch);
        }
        if let Some(close) = &self.closing {
            return Step::Close(close.clone());
        }
        let Some(catch_up) = &self.catch_up else { return Step::Wait };
        match catch_up.want(head) {
            Want::Done => {
                let until = catch_up.until();
                self.catch_up = None;
                if let (Some(position), true) = (until, std::mem::take(&mut self.owes_end)) {
                    // Behind every `subscribed` it speaks of, and before what is live.
                    self.answer(&ServerFrame::CaughtUp { position });
                }
                self.step(head)
            }
            Want::Join if self.join_asked => Step::Wait,
            Want::Join => {
                self.join_asked = true;
                Step::Want(Want::Join)
            }
            want => Step::Want(want),
        }
    }

    fn take(&mut self, batch: &mut Vec<Piece>) {
        if let Some(payload) = self.pong.take() {
            batch.push(Piece::Pong(payload));
        }
        while self.taken_bytes < self.take_bytes {
            match self.control.pop_front() {
                Some(Control::Frame(frame)) => {
                    self.control_bytes -= frame.len();
                    self.taken(batch, frame);
                }
                Some(Control::Ping) => batch.push(Piece::Ping),
                None => {
                    // An idle connection holds no buffer.
                    self.control = VecDeque::new();
                    break;
                }
            }
        }
        if self.closing.is_some() {
            return;
        }
        while self.taken_bytes < self.take_bytes {
            let Some(frame) = self.ephemeral.pop() else { break };
            self.taken(batch, frame);
        }
        if self.taken_bytes >= self.take_bytes {
            return;
        }
        if let Some(catch_up) = &mut self.catch_up {
            for frame in catch_up.take(self.take_bytes - self.taken_bytes) {
                self.taken(batch, frame);
            }
            return;
        }
        let mut last = None;
        while let Some(event) = self.live.front() {
            // An event and its projections have one position and are taken together: a cut resumes after it.
            if self.taken_bytes >= self.take_bytes && last != Some(event.position) {
                break;
            }
            last = Some(event.position);
            let Some(event) = self.live.pop_front() else { break };
            self.live_bytes -= event.frame.len();
            self.taken(batch, event.frame);
        }
        if self.live.is_empty() && self.live.capacity() > 0 {
            self.live = VecDeque::new();
        }
    }

    fn taken(&mut self, batch: &mut Vec<Piece>, frame: Frame) {
        self.taken_bytes += frame.len();
        batch.push(Piece::Message(frame));
    }
}
