//! Who subscribed to what.

use protocol::{Position, Topic, projection};
use std::collections::HashMap;

/// Place of a connection in the hub's list.
pub(crate) type Slot = usize;

/// By topic, the connections that have it.
#[derive(Debug, Default)]
pub(crate) struct Table {
    topics: HashMap<Topic, Vec<Subscriber>>,
    count: usize,
    /// Of them, those that see projections.
    projected: usize,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Subscriber {
    pub(crate) slot: Slot,
    /// Events up to here are not this subscription's.
    pub(crate) floor: Position,
}

impl Table {
    /// Adds a subscription, or moves the floor of the one there is.
    pub(crate) fn set(&mut self, topic: Topic, slot: Slot, floor: Position, is_new: bool) {
        let is_projected = usize::from(projection::are_seen_under(&topic));
        let subscribers = self.topics.entry(topic).or_default();
        if is_new {
            subscribers.push(Subscriber { slot, floor });
            self.count += 1;
            self.projected += is_projected;
        } else if let Some(subscriber) = subscribers.iter_mut().find(|subscriber| subscriber.slot == slot) {
            subscriber.floor = floor;
        }
    }

    pub(crate) fn remove(&mut self, topic: &Topic, slot: Slot) {
        let Some(subscribers) = self.topics.get_mut(topic) else { return };
        if let Some(at) = subscribers.iter().position(|subscriber| subscriber.slot == slot) {
            subscribers.swap_remove(at);
            self.count -= 1;
            self.projected -= usize::from(projection::are_seen_under(topic));
        }
        if subscribers.is_empty() {
            self.topics.remove(topic);
        }
    }

    pub(crate) fn of(&self, topic: &Topic) -> &[Subscriber] {
        self.topics.get(topic).map_or(&[], Vec::as_slice)
    }

    /// Every topic with how many have it.
    pub(crate) fn rooms(&self) -> impl Iterator<Item = (&Topic, usize)> {
        self.topics.iter().map(|(topic, subscribers)| (topic, subscribers.len()))
    }

    pub(crate) fn topics(&self) -> usize {
        self.topics.len()
    }

    pub(crate) fn subscriptions(&self) -> usize {
        self.count
    }

    /// Whether anybody sees projections.
    pub(crate) fn has_projected(&self) -> bool {
        self.projected > 0
    }
}
