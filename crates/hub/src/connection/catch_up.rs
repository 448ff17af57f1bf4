//! Serving one connection from the log: the topics that are behind, merged in position order.
//!
//! A pure state: it says which page it wants, takes pages, and gives frames. Each topic that is behind has a
//! *known* position: its events up to there were sent, are in the buffer, or belong to before its `after`.
//! Only frames up to the smallest known position (the *frontier*) are given out, in position order, so a client
//! that routes a frame to every topic named in it never sees a later event of a topic before an earlier one.
//!
//! The buffer is bounded in bytes: above the budget its highest events are forgotten again and their topics'
//! known positions moved back. The lowest position always stays, so each round makes progress however large one
//! event is.

use crate::wire::Frame;
use protocol::{EventId, Position, Topic};
use std::collections::{BTreeMap, HashMap};

/// The topics of one connection that are behind.
#[derive(Debug)]
pub(crate) struct CatchUp {
    budget: usize,
    lanes: HashMap<Topic, Lane>,
    buffer: BTreeMap<(Position, EventId), Entry>,
    bytes: usize,
    /// The highest position given out.
    given: Position,
    until: Option<Position>,
}

/// Where the reading of one topic stands.
#[derive(Debug)]
struct Lane {
    known: Position,
    /// The last page was not full: nothing followed when it was read.
    at_head: bool,
}

#[derive(Debug)]
struct Entry {
    frame: Frame,
    /// The lanes whose pages it came from.
    topics: Vec<Topic>,
}

/// What the catch-up wants next.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Want {
    /// A page of a topic.
    Page(Request),
    /// To be joined with the live stream: it has come as far as the log had.
    Join,
    /// Nothing: everything up to the joint was given out.
    Done,
}

/// A page to read. It comes back with the page: a page after another position than the topic's known one is
/// the answer to an earlier question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) topic: Topic,
    pub(crate) after: Position,
}

/// An event of a page, ready to send.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    pub(crate) position: Position,
    pub(crate) id: EventId,
    pub(crate) frame: Frame,
}

/// What a topic's client is not given: the events after `from` up to `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    pub(crate) from: Position,
    pub(crate) to: Position,
}

impl CatchUp {
    /// Nothing is behind yet; everything the connection was given so far is at most `given`. It holds about
    /// `budget` bytes of frames.
    pub(crate) fn new(given: Position, budget: usize) -> Self {
        Self { budget, lanes: HashMap::new(), buffer: BTreeMap::new(), bytes: 0, given, until: None }
    }

    /// Takes a topic in, or starts it anew. Everything after `after` will be given out.
    pub(crate) fn add(&mut self, topic: Topic, after: Position) {
        self.remove(&topic);
        self.lanes.insert(topic, Lane { known: after, at_head: false });
    }

    pub(crate) fn remove(&mut self, topic: &Topic) {
        if self.lanes.remove(topic).is_none() {
            return;
        }
        let bytes = &mut self.bytes;
        self.buffer.retain(|_, entry| {
            entry.topics.retain(|source| source != topic);
            if entry.topics.is_empty() {
                *bytes -= entry.frame.len();
            }
            !entry.topics.is_empty()
        });
    }

    pub(crate) fn has(&self, topic: &Topic) -> bool {
        self.lanes.contains_key(topic)
    }

    /// The position where the live stream takes over, once it is known.
    pub(crate) fn until(&self) -> Option<Position> {
        self.until
    }

    /// Forgets the joint: the live stream was cut again.
    pub(crate) fn reopen(&mut self) {
        self.until = None;
        for lane in self.lanes.values_mut() {
            lane.at_head = false;
        }
    }

    /// Fixes the joint at `head` or, if more was given out already, there: the live stream brings everything
    /// later. Returns where.
    pub(crate) fn join(&mut self, head: Position) -> Position {
        let until = head.max(self.given).max(self.until.unwrap_or_default());
        self.until = Some(until);
        let above: Vec<_> = self.buffer.keys().rev().take_while(|key| key.0 > until).copied().collect();
        for key in above {
            self.forget(key);
        }
        until
    }

    /// What to do next, the hub being at `head`. Frames that are ready come first.
    pub(crate) fn want(&self, head: Position) -> Want {
        let lowest = self.lanes.iter().min_by_key(|(topic, lane)| (lane.known, *topic));
        let Some((topic, lane)) = lowest else {
            return if self.until.is_some() { Want::Done } else { Want::Join };
        };
        match self.until {
            Some(until) if lane.known >= until => return Want::Done,
            None if lane.known >= head || self.lanes.values().all(|lane| lane.at_head) => {
                return Want::Join;
            }
            _ => {}
        }
        Want::Page(Request { topic: topic.clone(), after: lane.known })
    }

    /// Takes a page: its events in position order, complete up to `through`. A page asked for before the topic
    /// was taken out or started anew is ignored.
    pub(crate) fn feed(&mut self, request: &Request, events: Vec<Ready>, through: Position, at_head: bool) {
        let until = self.until.unwrap_or(Position(u64::MAX));
        let Some(lane) = self.current(request) else { return };
        lane.known = through.max(lane.known).min(until);
        lane.at_head = at_head;
        for Ready { position, id, frame } in events {
            if position <= request.after || position > until {
                continue;
            }
            let bytes = frame.len();
            let entry = self.buffer.entry((position, id)).or_insert_with(|| {
                self.bytes += bytes;
                Entry { frame, topics: Vec::with_capacity(1) }
            });
            if !entry.topics.contains(&request.topic) {
                entry.topics.push(request.topic.clone());
            }
        }
        self.shrink();
    }

    /// The log does not serve this topic, the hub being at `head`: it goes on from there. What is missing is to be told
    /// before anything more is given: frames of other topics may name this one, and take its client's position along.
    /// `None`: that was asked about something else.
    #[must_use]
    pub(crate) fn lose(&mut self, request: &Request, head: Position) -> Option<Lost> {
        let known = self.current(request)?.known;
        let from = self.reached(&request.topic)?;
        let to = self.until.unwrap_or(head).max(self.given).max(known);
        self.remove(&request.topic);
        // As good as at the head: while the log fails, nothing is gained by asking again before the joint.
        self.lanes.insert(request.topic.clone(), Lane { known: to, at_head: true });
        Some(Lost { from, to })
    }

    /// Up to where a topic's events were given out; `None`: it is not behind.
    pub(crate) fn reached(&self, topic: &Topic) -> Option<Position> {
        let known = self.lanes.get(topic)?.known;
        let waiting = self.buffer.iter().find(|(_, entry)| entry.topics.contains(topic));
        Some(waiting.map_or(known, |((position, _), _)| known.min(before(*position))))
    }

    /// The next frames in order, at least one if any is ready, about `bytes` in all.
    pub(crate) fn take(&mut self, bytes: usize) -> Vec<Frame> {
        let Some(frontier) = self.lanes.values().map(|lane| lane.known).min() else { return Vec::new() };
        let mut frames = Vec::new();
        let mut taken = 0;
        while let Some(entry) = self.buffer.first_entry() {
            if entry.key().0 > frontier || taken >= bytes {
                break;
            }
            self.given = entry.key().0;
            let frame = entry.remove().frame;
            taken += frame.len();
            self.bytes -= frame.len();
            frames.push(frame);
        }
        frames
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    fn current(&mut self, request: &Request) -> Option<&mut Lane> {
        self.lanes.get_mut(&request.topic).filter(|lane| lane.known == request.after)
    }

    fn shrink(&mut self) {
        while self.bytes > self.budget {
            let (Some((&lowest, _)), Some((&highest, _))) =
                (self.buffer.first_key_value(), self.buffer.last_key_value())
            else {
                return;
            };
            if highest.0 == lowest.0 {
                return;
            }
            self.forget(highest);
        }
    }

    fn forget(&mut self, key: (Position, EventId)) {
        let Some(entry) = self.buffer.remove(&key) else { return };
        self.bytes -= entry.frame.len();
        for topic in entry.topics {
            if let Some(lane) = self.lanes.get_mut(&topic) {
                lane.known = lane.known.min(before(key.0));
                lane.at_head = false;
            }
        }
    }
}

/// The position before one that an event has; those count from 1.
fn before(position: Position) -> Position {
    Position(position.0.saturating_sub(1))
}

#[cfg(test)]
mod tests;
