//! What waits of the events without a position: bounded, newest first to survive.

use crate::wire::Frame;
use protocol::{Envelope, Event, TaskKey};
use std::collections::VecDeque;

/// Bytes of ephemeral frames that wait for one client. Above it an older value of the same thing gives way to
/// the newer, and where there is none the oldest frame is dropped: nobody can use more than some hundred stale
/// measurements.
const WAITING_BYTES: usize = 64 << 10;

/// What an ephemeral event is the newest value of. Equal keys: the later event makes the earlier one worthless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    AgentState(String),
    Progress(TaskKey),
}

impl Key {
    /// `None`: every event of this kind counts for itself.
    pub(crate) fn of(envelope: &Envelope) -> Option<Self> {
        match &envelope.event {
            Event::AgentState(state) => Some(Key::AgentState(state.agent_id.clone())),
            // What it wrote counts for itself.
            Event::TaskProgress(progress) if progress.logs.is_empty() => Some(Key::Progress(progress.key.clone())),
            _ => None,
        }
    }
}

#[derive(Debug)]
struct Waiting {
    key: Option<Key>,
    frame: Frame,
    /// Events in it: measurements are sent together.
    count: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Ephemeral {
    waiting: VecDeque<Waiting>,
    bytes: usize,
}

impl Ephemeral {
    /// Adds a frame of `count` events. Returns how many older events gave way.
    pub(crate) fn push(&mut self, key: Option<Key>, frame: Frame, count: u64) -> u64 {
        self.bytes += frame.len();
        self.waiting.push_back(Waiting { key, frame, count });
        let mut gone = 0;
        while self.bytes > WAITING_BYTES && self.waiting.len() > 1 {
            let (newest, older) = (self.waiting.len() - 1, &self.waiting);
            let key = &older[newest].key;
            let same = older.iter().take(newest).position(|waiting| key.is_some() && waiting.key == *key);
            gone += self.forget(same.unwrap_or(0));
        }
        gone
    }

    pub(crate) fn pop(&mut self) -> Option<Frame> {
        let Waiting { frame, .. } = self.waiting.pop_front()?;
        self.bytes -= frame.len();
        if self.waiting.is_empty() {
            // An idle connection holds no buffer.
            self.waiting = VecDeque::new();
        }
        Some(frame)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    fn forget(&mut self, at: usize) -> u64 {
        let Some(Waiting { frame, count, .. }) = self.waiting.remove(at) else { return 0 };
        self.bytes -= frame.len();
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(agent_id: &str) -> Option<Key> {
        Some(Key::AgentState(agent_id.to_owned()))
    }

    fn frame(tag: u8, bytes: usize) -> Frame {
        Frame::text_of(&vec![tag; bytes])
    }

    #[test]
    fn everything_is_kept_while_there_is_room() {
        let mut ephemeral = Ephemeral::default();
        for tag in 0..4 {
            assert_eq!(ephemeral.push(state("cpu"), frame(tag, 100), 1), 0);
        }
        let tags: Vec<u8> = std::iter::from_fn(|| ephemeral.pop()).map(|frame| frame.text()[0]).collect();
        assert_eq!(tags, [0, 1, 2, 3]);
        assert_eq!(ephemeral.bytes(), 0);
    }

    #[test]
    fn under_pressure_the_newest_value_of_each_thing_survives() {
        let mut ephemeral = Ephemeral::default();
        let third = WAITING_BYTES / 3;
        ephemeral.push(state("rare"), frame(0, third), 1);
        ephemeral.push(state("cpu"), frame(1, third), 1);
        ephemeral.push(state("cpu"), frame(2, third), 1);
        assert_eq!(ephemeral.push(state("cpu"), frame(3, third), 1), 1);
        let tags: Vec<u8> = std::iter::from_fn(|| ephemeral.pop()).map(|frame| frame.text()[0]).collect();
        assert_eq!(tags, [0, 2, 3]);
    }

    #[test]
    fn what_has_no_key_drops_the_oldest_and_stays_bounded() {
        let mut ephemeral = Ephemeral::default();
        let gone: u64 = (0..200).map(|tag| ephemeral.push(None, frame(tag, 1000), 1)).sum();
        assert!(ephemeral.bytes() <= WAITING_BYTES);
        assert_eq!(gone as usize + ephemeral.bytes() / 1000, 200);
    }
}
