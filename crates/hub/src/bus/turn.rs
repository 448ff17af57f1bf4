//! The events of one turn of the hub's task: framed once, joined once for all who get the same of them.

use crate::{
    connection::{Live, Packet},
    wire::{self, Reads},
};
use bytes::{Bytes, BytesMut};
use protocol::{Position, Topic};
use std::collections::HashMap;

/// Events of a turn: what is joined in one write, and the bits of a mask.
pub(crate) const EVENTS: usize = 64;

/// What is written at once without being queued. More than this is rare, and goes through the queue, which hands
/// the frames to the system without copying them.
const JOINED_BYTES: usize = 64 << 10;

/// Joins kept for others who get the same. Subscribers of one topic get the same of a turn; where each has a topic
/// of its own nothing is worth keeping.
const JOINS: usize = 16;

/// In position order. Never longer than [`EVENTS`].
#[derive(Default)]
pub(crate) struct Turn {
    events: Vec<Live>,
    /// By topic, which of the events are its: bit by bit.
    topics: HashMap<Topic, u64>,
    joins: Vec<Join>,
    buffer: BytesMut,
}

struct Join {
    due: u64,
    reads: Reads,
    bytes: Bytes,
}

impl Turn {
    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    /// An event, and those of its topics that somebody has.
    pub(crate) fn push(&mut self, topics: impl IntoIterator<Item = Topic>, event: Live) {
        let bit = 1 << self.events.len();
        self.events.push(event);
        for topic in topics {
            *self.topics.entry(topic).or_default() |= bit;
        }
    }

    /// The topics of the turn, each with its events.
    pub(crate) fn topics(&self) -> impl Iterator<Item = (&Topic, u64)> {
        self.topics.iter().map(|(topic, events)| (topic, *events))
    }

    /// The events above a position.
    pub(crate) fn above(&self, floor: Position) -> u64 {
        match self.events.first() {
            Some(first) if first.position > floor => u64::MAX,
            _ => {
                let below = self.events.partition_point(|event| event.position <= floor);
                if below < EVENTS { u64::MAX << below } else { 0 }
            }
        }
    }

    /// What somebody gets who gets these events, at least one.
    pub(crate) fn packet(&mut self, due: u64, reads: Reads) -> Packet<'_> {
        let Self { events, joins, buffer, .. } = self;
        let joined = if due.is_power_of_two() {
            events.get(due.trailing_zeros() as usize).map(|event| event.frame.bytes(reads.deflate))
        } else {
            let found = joins.iter().position(|join| join.due == due && join.reads == reads);
            let at = found.or_else(|| {
                let bytes = join(buffer, &Packet { events, due, joined: None }, reads)?;
                if joins.len() == JOINS {
                    joins.clear();
                }
                joins.push(Join { due, reads, bytes });
                Some(joins.len() - 1)
            });
            at.map(|at| &joins[at].bytes)
        };
        Packet { events, due, joined: joined.filter(|bytes| bytes.len() <= JOINED_BYTES) }
    }
}

fn join(buffer: &mut BytesMut, packet: &Packet<'_>, reads: Reads) -> Option<Bytes> {
    let bytes = packet.events().map(|event| event.frame.bytes(reads.deflate).len()).sum();
    if bytes > JOINED_BYTES {
        return None;
    }
    if reads.batch {
        let messages = wire::joined(packet.events().map(|event| &event.frame), reads.deflate);
        return Some(if let [one] = &messages[..] { one.clone() } else { messages.concat().into() });
    }
    buffer.reserve(bytes);
    for event in packet.events() {
        buffer.extend_from_slice(event.frame.bytes(reads.deflate));
    }
    Some(buffer.split().freeze())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Frame;
    use tokio::time::Instant;

    fn turn(events: &[(u64, &[&str])]) -> Turn {
        let mut turn = Turn::default();
        for (position, topics) in events {
            let frame = Frame::text_of(format!("<{position}>").as_bytes());
            let topics = topics.iter().map(|name| Topic::Agent((*name).to_owned()));
            turn.push(topics, Live { position: Position(*position), frame, since: Instant::now() });
        }
        turn
    }

    #[test]
    fn a_topic_has_its_events_and_a_floor_hides_those_below() {
        let turn = turn(&[(5, &["a"]), (6, &["a", "b"]), (8, &["b"])]);
        let of = |name: &str| turn.topics().find(|(topic, _)| **topic == Topic::Agent(name.to_owned())).unwrap().1;
        assert_eq!((of("a"), of("b")), (0b011, 0b110));
        for (floor, seen) in [(4, 0b111), (5, 0b110), (6, 0b100), (7, 0b100), (8, 0)] {
            assert_eq!(turn.above(Position(floor)) & 0b111, seen, "{floor}");
        }
    }

    #[test]
    fn a_full_turn_has_every_bit() {
        let events: Vec<(u64, &[&str])> = (1..=64).map(|position| (position, &["a"][..])).collect();
        let mut turn = turn(&events);
        assert_eq!(turn.topics().next().unwrap().1, u64::MAX);
        assert_eq!(
            (turn.above(Position(0)), turn.above(Position(63)), turn.above(Position(64))),
            (u64::MAX, 1 << 63, 0)
        );
        assert_eq!(turn.packet(u64::MAX, Reads::default()).events().count(), 64);
    }

    #[test]
    fn frames_are_joined_once_for_all_who_get_the_same() {
        let mut turn = turn(&[(5, &["a"]), (6, &["a"]), (7, &["b"])]);
        let first = turn.packet(0b011, Reads::default()).joined.unwrap().clone();
        assert_eq!(first.as_ref(), b"\x81\x03<5>\x81\x03<6>");
        assert_eq!(turn.packet(0b011, Reads::default()).joined.unwrap().as_ptr(), first.as_ptr());
        let one = turn.packet(0b100, Reads::default());
        assert_eq!((one.joined.unwrap().as_ref(), one.first()), (&b"\x81\x03<7>"[..], Position(7)));
    }

    #[test]
    fn who_reads_batches_gets_one_message() {
        let mut turn = turn(&[(5, &["a"]), (6, &["a"]), (7, &["a"])]);
        let batch = Reads { batch: true, ..Reads::default() };
        let first = turn.packet(0b101, batch).joined.unwrap().clone();
        assert_eq!(first.as_ref(), b"\x81\x07<5>\n<7>");
        assert_eq!(turn.packet(0b101, batch).joined.unwrap().as_ptr(), first.as_ptr(), "joined once");
        let plain = turn.packet(0b101, Reads::default()).joined.unwrap();
        assert_eq!(plain.as_ref(), b"\x81\x03<5>\x81\x03<7>");
        assert_eq!(turn.packet(0b010, batch).joined.unwrap().as_ref(), b"\x81\x03<6>");
    }

    #[test]
    fn what_is_large_is_not_joined() {
        let mut turn = Turn::default();
        for position in 1..=2 {
            let frame = Frame::text_of(&[b'x'; 40_000]);
            turn.push([], Live { position: Position(position), frame, since: Instant::now() });
        }
        assert!(turn.packet(0b11, Reads::default()).joined.is_none());
        assert!(turn.packet(0b01, Reads::default()).joined.is_some());
    }
}
