//! The hub's task: the one owner of the topic table and of the position up to which events were fanned out.

mod connections;

use super::{
    activity::{Activity, STANDARD},
    core::Core,
    input::Input,
    metrics::{self, Batch, Rooms},
    table::{Slot, Table},
    turn::{self, Turn},
};
use crate::{
    connection::{Key, Live, Overflow, Shared},
    encode,
    session::GOING_AWAY,
    wire::{Frame, Reads},
};
use connections::{Connection, floors};
use protocol::{
    ClientId, Envelope, Event, Position, Topic,
    api::{BufferStatus, RoomStatus, WebsocketStatus},
    event::PerformanceMetric,
    frame::ServerFrame,
    projection,
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{sync::mpsc, time::Instant};

/// Requests handled in one turn, so that a storm of them does not hold events up.
const INPUTS_PER_TURN: usize = 256;

/// What one durable event comes to.
const WITH_PROJECTION: usize = 2;

/// Connections written to before others of this thread have their turn.
const WRITES_IN_A_ROW: usize = 256;

/// Connections whose memory is fetched at once.
const LOOKED_AT_TOGETHER: usize = 16;

/// Rooms told of in a status, besides the standard ones.
const ROOMS_TOLD: usize = 100;

/// How often connections that went without a word are looked for. Normally they say so.
const SWEEP: Duration = Duration::from_secs(10);

/// Pause between attempts to read the log's head at the start.
const HEAD_PAUSE: Duration = Duration::from_millis(200);

/// A client comes back after at least this, plus up to as much again as the drain takes.
const RECONNECT_AFTER_MS: u64 = 500;

/// The ends of the hub's channels.
pub(crate) struct Receivers {
    pub(crate) inputs: mpsc::Receiver<Input>,
    pub(crate) events: mpsc::Receiver<Vec<Arc<Envelope>>>,
    pub(crate) ephemeral: mpsc::Receiver<Envelope>,
}

pub(crate) struct FanOut {
    core: Arc<Core>,
    table: Table,
    connections: Vec<Option<Connection>>,
    free: Vec<Slot>,
    slots: HashMap<ClientId, Slot>,
    /// Everything up to here was fanned out.
    head: Position,
    /// Events to be fanned out next. The head is theirs already.
    turn: Turn,
    /// Connections that get some of them.
    due: Vec<Slot>,
    /// Counts ephemeral events, to give one connection one frame of each.
    stamp: u64,
    activity: Activity,
    /// Measurements being collected.
    rooms: Rooms,
}

impl FanOut {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self {
            activity: Activity::new(),
            rooms: Rooms::new(core.config.metrics),
            core,
            table: Table::default(),
            connections: Vec::new(),
            free: Vec::new(),
            slots: HashMap::new(),
            head: Position(0),
            turn: Turn::default(),
            due: Vec::new(),
            stamp: 0,
        }
    }

    /// Runs until the hub is stopped; then every connection that is left is closed.
    pub(crate) async fn run(mut self, mut receivers: Receivers) {
        let stop = self.core.stop.clone();
        tokio::select! {
            () = self.serve(&mut receivers) => {}
            () = stop.cancelled() => {}
        }
        receivers.inputs.close();
        while let Ok(input) = receivers.inputs.try_recv() {
            if let Input::Enter(shared) = input {
                shared.close(GOING_AWAY);
            }
        }
        for connection in self.connections.iter().flatten() {
            connection.shared.close(GOING_AWAY);
        }
    }

    async fn serve(&mut self, receivers: &mut Receivers) {
        let head = read_head(&self.core).await;
        self.advance(head);
        let mut sweep = tokio::time::interval(SWEEP);
        loop {
            let due = self.rooms.due();
            // What is asked for is done between turns, never within one.
            tokio::select! {
                Some(input) = receivers.inputs.recv() => {
                    self.input(input);
                    for _ in 1..INPUTS_PER_TURN {
                        let Ok(input) = receivers.inputs.try_recv() else { break };
                        self.input(input);
                    }
                    self.core.counters.set_subscriptions(self.table.topics(), self.table.subscriptions());
                }
                Some(batch) = receivers.events.recv() => {
                    let mut count = batch.len();
                    self.publish(&batch).await;
                    while count < turn::EVENTS {
                        let Ok(batch) = receivers.events.try_recv() else { break };
                        count += batch.len();
                        self.publish(&batch).await;
                    }
                    self.flush().await;
                }
                Some(envelope) = receivers.ephemeral.recv() => {
                    self.publish_ephemeral(&envelope);
                    for _ in 1..turn::EVENTS {
                        let Ok(envelope) = receivers.ephemeral.try_recv() else { break };
                        self.publish_ephemeral(&envelope);
                    }
                }
                () = at(due) => {
                    for batch in self.rooms.overdue(Instant::now()) {
                        self.send_metrics(batch);
                    }
                }
                _ = sweep.tick() => self.sweep(),
            }
        }
    }

    /// Takes a batch into the turn; turns that are full are fanned out. Requests are looked at when the whole batch
    /// was: an event and its projection, which have one position, are seen by the same subscriptions.
    async fn publish(&mut self, batch: &[Arc<Envelope>]) {
        let now = Instant::now();
        for envelope in batch {
            let Some(position) = envelope.position else {
                self.publish_ephemeral(envelope);
                continue;
            };
            if position <= self.head {
                // Before what the log held when this hub started: whoever subscribed since has it from there.
                continue;
            }
            if position.0 > self.head.0 + 1 {
                tracing::warn!(after = %self.head, got = %position, "the publisher left events out: reading the log");
                self.flush().await;
                self.cut_all();
            }
            if self.turn.len() + WITH_PROJECTION > turn::EVENTS {
                self.flush().await;
            }
            self.advance(position);
            self.stage(envelope, position, now);
            if projection::has_one(&envelope.event) {
                self.stage_projection(envelope, position, now);
            }
        }
    }

    /// Computed only if somebody sees it; the room is told of it all the same.
    fn stage_projection(&mut self, envelope: &Envelope, position: Position, since: Instant) {
        if !self.table.has_projected() {
            self.activity.note(&[Topic::WorkflowExecutions], envelope.time);
        } else if let Some(projected) = projection::workflow_execution(envelope) {
            self.stage(&projected, position, since);
        }
    }

    /// Takes an event into the turn, if anybody is subscribed to it.
    fn stage(&mut self, envelope: &Envelope, position: Position, since: Instant) {
        let topics = Topic::of(envelope);
        self.activity.note(&topics, envelope.time);
        if topics.iter().any(|topic| !self.table.of(topic).is_empty()) {
            let frame = encode::event(&topics, envelope);
            let heard = topics.into_iter().filter(|topic| !self.table.of(topic).is_empty());
            self.turn.push(heard, Live { position, frame, since });
        }
    }

    /// Fans the turn out: for each connection one write, of all it gets.
    async fn flush(&mut self) {
        let now = Instant::now();
        let mut turn = std::mem::take(&mut self.turn);
        for (topic, events) in turn.topics() {
            for subscriber in self.table.of(topic) {
                let Some(connection) = &mut self.connections[subscriber.slot] else { continue };
                let events = events & turn.above(subscriber.floor);
                if events == 0 || !connection.attached {
                    continue;
                }
                if connection.due == 0 {
                    self.due.push(subscriber.slot);
                }
                connection.due |= events;
            }
        }
        let due = std::mem::take(&mut self.due);
        let mut since_yield = 0;
        for slots in due.chunks(LOOKED_AT_TOGETHER) {
            if since_yield >= WRITES_IN_A_ROW {
                since_yield = 0;
                tokio::task::yield_now().await;
            }
            since_yield += slots.len();
            let reads = self.reads(slots);
            for (&slot, reads) in slots.iter().zip(reads) {
                self.deliver(slot, reads, &mut turn, now);
            }
        }
    }

    /// How these connections read. Their memory was not looked at since the last turn and is far away: fetched for
    /// several at once, before the system's work for the first, it takes hardly longer than for one.
    fn reads(&self, slots: &[Slot]) -> [Reads; LOOKED_AT_TOGETHER] {
        let mut reads = [Reads::default(); LOOKED_AT_TOGETHER];
        for (reads, &slot) in reads.iter_mut().zip(slots) {
            if let Some(connection) = &self.connections[slot] {
                *reads = connection.shared.reads();
            }
        }
        reads
    }

    fn deliver(&mut self, slot: Slot, reads: Reads, turn: &mut Turn, now: Instant) {
        let Some(connection) = &mut self.connections[slot] else { return };
        let packet = turn.packet(std::mem::take(&mut connection.due), reads);
        if connection.shared.deliver(&packet, now) == Err(Overflow) {
            connection.shared.outbox().cut(floors(&connection.topics), &[], self.head);
            connection.attached = false;
            connection.shared.wake();
            self.core.counters.catch_up_started();
        }
    }

    fn publish_ephemeral(&mut self, envelope: &Envelope) {
        let topics = Topic::of(envelope);
        self.activity.note(&topics, envelope.time);
        if let Event::PerformanceMetric(metric) = &envelope.event {
            return self.collect(metric, &topics);
        }
        self.stamp += 1;
        let mut frame: Option<Frame> = None;
        for topic in &topics {
            for subscriber in self.table.of(topic) {
                let Some(connection) = &mut self.connections[subscriber.slot] else { continue };
                if connection.stamp == self.stamp {
                    continue;
                }
                connection.stamp = self.stamp;
                let frame = frame.get_or_insert_with(|| encode::event(&topics, envelope));
                let gone = connection.shared.deliver_ephemeral(Key::of(envelope), frame, 1);
                self.core.counters.ephemeral_gave_way(gone);
            }
        }
    }

    /// Puts a measurement with the others of each of its rooms where somebody is.
    fn collect(&mut self, metric: &PerformanceMetric, topics: &[Topic]) {
        let now = Instant::now();
        let mut written = None;
        for topic in topics {
            if self.table.of(topic).is_empty() {
                continue;
            }
            let written = written.get_or_insert_with(|| metrics::written(metric)).clone();
            if let Some(batch) = self.rooms.add(topic, written, now) {
                self.send_metrics(batch);
            }
        }
        let (_, waiting, flushes) = self.rooms.figures();
        self.core.counters.set_buffers(waiting, flushes);
    }

    fn send_metrics(&mut self, Batch { topic, frame, count }: Batch) {
        let frame = Frame::text_of(frame.as_bytes());
        for subscriber in self.table.of(&topic) {
            let Some(connection) = &mut self.connections[subscriber.slot] else { continue };
            let gone = connection.shared.deliver_ephemeral(None, &frame, count);
            self.core.counters.ephemeral_gave_way(gone);
        }
        let (_, waiting, flushes) = self.rooms.figures();
        self.core.counters.set_buffers(waiting, flushes);
    }

    fn status(&self) -> WebsocketStatus {
        let health = self.core.counters.health();
        let (rooms_waiting, metrics, flushes) = self.rooms.figures();
        let room = |(topic, subscribers): (&Topic, usize)| {
            let (events, last_event_at) = self.activity.of(topic);
            RoomStatus { room: topic.clone(), subscribers: subscribers as u64, events, last_event_at }
        };
        let mut others: Vec<(&Topic, usize)> =
            self.table.rooms().filter(|(topic, _)| !STANDARD.contains(topic)).collect();
        others.sort_by(|(a, most), (b, more)| more.cmp(most).then_with(|| a.cmp(b)));
        let standard = STANDARD.iter().map(|topic| (topic, self.table.of(topic).len()));
        let mut status = WebsocketStatus {
            connections: health.connections,
            handshakes: health.handshakes,
            topics: self.table.topics() as u64,
            subscriptions: self.table.subscriptions() as u64,
            rooms: standard.chain(others.into_iter().take(ROOMS_TOLD)).map(room).collect(),
            buffers: BufferStatus {
                size: self.core.config.metrics.size,
                flush_interval_ms: self.core.config.metrics.flush_interval_ms,
                rooms: rooms_waiting,
                metrics,
                flushes,
            },
            dropped: health.dropped,
            catch_ups: health.catch_ups,
            gaps: health.gaps,
            bus: match self.core.bus.get().map(|bus| bus.state().is_connected) {
                None => "memory".to_owned(),
                Some(true) => "redis".to_owned(),
                Some(false) => "redis: away".to_owned(),
            },
            ..WebsocketStatus::default()
        };
        for connection in self.connections.iter().flatten() {
            status.slow_clients += u64::from(!connection.attached);
            status.queued_bytes += connection.shared.outbox().bytes() as u64;
        }
        status
    }

    fn input(&mut self, input: Input) {
        match input {
            Input::Enter(shared) => self.enter(shared),
            Input::Subscribe { client, id, topics } => self.subscribe(client, id, topics),
            Input::Unsubscribe { client, id, topics } => self.unsubscribe(client, id, topics),
            Input::Join(client) => self.join(client),
            Input::Leave(client) => self.leave(client),
            // Whoever asked may have gone.
            Input::Status(answer) => drop(answer.send(self.status())),
            Input::Drain(answer) => {
                let all: Vec<Arc<Shared>> =
                    self.connections.iter().flatten().map(|connection| connection.shared.clone()).collect();
                for shared in &all {
                    let spread = shared.client.0.as_u128() as u64 % self.core.config.drain_window_ms.max(1);
                    shared.answer(&ServerFrame::Draining { reconnect_after_ms: RECONNECT_AFTER_MS + spread });
                }
                // Whoever asked may have gone.
                let _ = answer.send(all);
            }
        }
    }

    fn advance(&mut self, position: Position) {
        self.head = position;
        self.core.set_position(position);
    }
}

/// Resolves then; without a time, never.
async fn at(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

async fn read_head(core: &Core) -> Position {
    loop {
        match core.log.head().await {
            Ok(head) => return head,
            Err(error) => {
                tracing::warn!(%error, "the hub waits for the log");
                tokio::time::sleep(HEAD_PAUSE).await;
            }
        }
    }
}
