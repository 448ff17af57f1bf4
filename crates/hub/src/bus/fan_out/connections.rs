//! Who is connected: they enter, subscribe and leave.

use super::FanOut;
use crate::{
    bus::{
        activity::Activity,
        input::Start,
        metrics::Rooms,
        table::{Slot, Table},
    },
    connection::Shared,
    session::GOING_AWAY,
};
use protocol::{
    ClientId, Position, Topic,
    frame::{ServerFrame, Subscribed},
};
use serde_json::Value;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// Small: each fan-out goes through the list of all.
pub(super) struct Connection {
    pub(super) shared: Arc<Shared>,
    /// Its topics with their floors.
    #[expect(clippy::box_collection, reason = "looked at when a client says something, passed by at each event")]
    pub(super) topics: Box<HashMap<Topic, Position>>,
    /// It gets live events; otherwise everything comes from the log for now.
    pub(super) attached: bool,
    /// Which events of the turn it gets, bit by bit.
    pub(super) due: u64,
    pub(super) stamp: u64,
}

impl FanOut {
    pub(super) fn enter(&mut self, shared: Arc<Shared>) {
        let client = shared.client;
        if self.core.is_draining() {
            shared.close(GOING_AWAY);
        }
        let connection = Connection { shared, topics: Box::default(), attached: true, due: 0, stamp: self.stamp };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.connections[slot] = Some(connection);
                slot
            }
            None => {
                self.connections.push(Some(connection));
                self.connections.len() - 1
            }
        };
        self.slots.insert(client, slot);
    }

    pub(super) fn subscribe(&mut self, client: ClientId, id: Option<Value>, topics: Vec<(Topic, Start)>) {
        let Some((&slot, connection)) = find(&self.slots, &mut self.connections, client) else { return };
        let mut outbox = connection.shared.outbox();
        // The log may have given this client more than was fanned out: those events will not come live again.
        let head = self.head.max(outbox.floor());
        let mut subscribed = Vec::with_capacity(topics.len());
        let mut gaps = Vec::new();
        let mut behind = Vec::new();
        for (topic, start) in topics {
            let after = match start {
                // It has it: what waits for it is not passed over.
                Start::Live => match connection.topics.get(&topic) {
                    Some(&floor) => {
                        let position = outbox.reached(&topic, floor, head);
                        subscribed.push(Subscribed { topic, position, recovered: false });
                        continue;
                    }
                    None => head,
                },
                Start::After(after) => after,
                Start::Gap { from, reason } => {
                    self.core.counters.gap_told();
                    gaps.push(ServerFrame::Gap { topic: topic.clone(), from, to: head, reason });
                    head
                }
            };
            let floor = head.max(after);
            let is_new = connection.topics.insert(topic.clone(), floor).is_none();
            self.table.set(topic.clone(), slot, floor, is_new);
            self.activity.watch(&topic);
            let recovered = matches!(start, Start::After(_));
            subscribed.push(Subscribed { topic: topic.clone(), position: floor, recovered });
            if after < head || !connection.attached {
                behind.push((topic, after));
            } else {
                outbox.remove_topic(&topic);
            }
        }
        outbox.answer(&ServerFrame::Subscribed { id, topics: subscribed });
        for gap in gaps {
            outbox.answer(&gap);
        }
        if !behind.is_empty() && !outbox.resume(&behind, head) {
            outbox.cut(floors(&connection.topics), &behind, head);
            connection.attached = false;
        }
        drop(outbox);
        connection.shared.wake();
    }

    pub(super) fn unsubscribe(&mut self, client: ClientId, id: Option<Value>, topics: Vec<Topic>) {
        let Some((&slot, connection)) = find(&self.slots, &mut self.connections, client) else { return };
        let mut outbox = connection.shared.outbox();
        for topic in &topics {
            if connection.topics.remove(topic).is_some() {
                left(topic, slot, &mut self.table, &mut self.activity, &mut self.rooms);
                outbox.remove_topic(topic);
            }
        }
        if connection.topics.is_empty() {
            outbox.forget_live();
        }
        outbox.answer(&ServerFrame::Unsubscribed { id, topics });
        drop(outbox);
        connection.shared.wake();
    }

    pub(super) fn join(&mut self, client: ClientId) {
        let Some((_, connection)) = find(&self.slots, &mut self.connections, client) else { return };
        if !connection.attached {
            connection.attached = true;
            connection.shared.outbox().join(self.head);
        }
        connection.shared.wake();
    }

    pub(super) fn leave(&mut self, client: ClientId) {
        let Some(slot) = self.slots.remove(&client) else { return };
        if let Some(connection) = self.connections[slot].take() {
            for topic in connection.topics.keys() {
                left(topic, slot, &mut self.table, &mut self.activity, &mut self.rooms);
            }
            self.free.push(slot);
        }
    }

    /// Every connection continues from the log after the present head.
    pub(super) fn cut_all(&mut self) {
        for connection in self.connections.iter_mut().flatten().filter(|connection| connection.attached) {
            connection.shared.outbox().cut(floors(&connection.topics), &[], self.head);
            connection.attached = false;
            connection.shared.wake();
        }
    }

    pub(super) fn sweep(&mut self) {
        let gone: HashSet<ClientId> = self
            .connections
            .iter()
            .flatten()
            .filter(|connection| connection.shared.is_gone())
            .map(|connection| connection.shared.client)
            .collect();
        for client in gone {
            self.leave(client);
        }
        self.core.counters.set_subscriptions(self.table.topics(), self.table.subscriptions());
    }
}

/// A connection has a topic no more; where it was the last one, nothing is kept of the topic.
fn left(topic: &Topic, slot: Slot, table: &mut Table, activity: &mut Activity, rooms: &mut Rooms) {
    table.remove(topic, slot);
    if table.of(topic).is_empty() {
        activity.forget(topic);
        rooms.forget(topic);
    }
}

fn find<'a>(
    slots: &'a HashMap<ClientId, Slot>,
    connections: &'a mut [Option<Connection>],
    client: ClientId,
) -> Option<(&'a Slot, &'a mut Connection)> {
    let slot = slots.get(&client)?;
    connections.get_mut(*slot)?.as_mut().map(|connection| (slot, connection))
}

pub(super) fn floors(topics: &HashMap<Topic, Position>) -> impl Iterator<Item = (&Topic, Position)> {
    topics.iter().map(|(topic, floor)| (topic, *floor))
}
