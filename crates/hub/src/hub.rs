//! The hub as others hold it.

use crate::{
    Authenticator, Bus, BusMessage, BusState, Commands, HubConfig, Kind, Log, Workers,
    bus::{Core, FanOut, Input, Receivers},
    connection::{Inbound, Outbound, Outbox, Presence, Shared},
    session::{Close, EXPIRED, GOING_AWAY, Session, UNPROVEN},
};
use protocol::{
    ClientId, Envelope, Epoch, Identity, Position, Timestamp,
    access::CredentialId,
    api::{HubHealth, WebsocketStatus},
    frame::Limits,
};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

/// Batches of the publisher that wait for the hub's task. When it is full, `publish` waits: events are safe in
/// the log, and a publisher that runs ahead helps nobody.
const WAITING_BATCHES: usize = 64;

/// Ephemeral events that wait; when it is full they are dropped and counted. Some batches of the largest size.
const WAITING_EPHEMERAL: usize = 8_192;

/// Requests of connections that wait; when it is full the connection reads no further message until there is
/// room.
const WAITING_INPUTS: usize = 1_024;

/// Batches in which a drain closes connections.
const DRAIN_BATCHES: u32 = 20;

/// How long other nodes are waited for.
const ANSWERS: Duration = Duration::from_millis(500);

/// How long a drain waits for clients to go once all were told to, and a shutdown for commands under way.
const GRACE: Duration = Duration::from_secs(5);

/// Bus, topics and connections of one process. Owns its task; ends with [`Hub::shutdown`].
pub struct Hub {
    core: Arc<Core>,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// The hub takes no connections: it is being shut down. Come back elsewhere or later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server is going away")]
pub struct Draining;

impl Hub {
    /// Starts the hub's task; to be called inside a tokio runtime.
    pub fn new(log: Arc<dyn Log>, config: HubConfig) -> Arc<Self> {
        let (inputs, inputs_end) = mpsc::channel(WAITING_INPUTS);
        let (events, events_end) = mpsc::channel(WAITING_BATCHES);
        let (ephemeral, ephemeral_end) = mpsc::channel(WAITING_EPHEMERAL);
        let core = Arc::new(Core::new(log, config, inputs, events, ephemeral));
        let receivers = Receivers { inputs: inputs_end, events: events_end, ephemeral: ephemeral_end };
        let task = tokio::spawn(FanOut::new(core.clone()).run(receivers));
        Arc::new(Self { core, task: Mutex::new(Some(task)) })
    }

    /// What `command` frames call. The first one set stays.
    pub fn set_commands(&self, commands: Arc<dyn Commands>) {
        if self.core.commands.set(commands).is_err() {
            tracing::error!("the hub's commands were set twice");
        }
    }

    /// Joins other nodes on the same log. The first one set stays. To be called inside a tokio runtime.
    pub fn set_bus(&self, bus: Arc<dyn Bus>) {
        if self.core.bus.set(bus.clone()).is_err() {
            return tracing::error!("the hub's bus was set twice");
        }
        let core = self.core.clone();
        self.core.calls.spawn(async move {
            loop {
                let message = tokio::select! {
                    message = bus.next() => message,
                    () = core.stop.cancelled() => return,
                };
                match message {
                    Some(BusMessage::Event { event }) => core.show(event),
                    Some(BusMessage::Committed { position }) => {
                        core.announced.send_if_modified(|known| {
                            let is_news = position > *known;
                            *known = position.max(*known);
                            is_news
                        });
                    }
                    Some(BusMessage::Ask { id, method }) => {
                        let (core, bus) = (core.clone(), bus.clone());
                        // Not in line: an answer takes time, and others wait behind the question.
                        core.clone().calls.spawn(async move {
                            let Some(commands) = core.commands.get() else { return };
                            if let Some(result) = commands.ask(&method).await {
                                bus.publish(BusMessage::Answer { id, result });
                            }
                        });
                    }
                    Some(BusMessage::Answer { id, result }) => {
                        let asked = core.asked.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
                        if let Some(asked) = asked {
                            // Whoever asked has heard enough.
                            let _ = asked.try_send(result);
                        }
                    }
                    None => return,
                }
            }
        });
    }

    /// What other nodes answer, as many as there are, within a moment. `id` is a fresh one. Nothing without a bus.
    pub async fn ask_others(&self, id: String, method: &str, nodes: usize) -> Vec<Value> {
        let Some(bus) = self.core.bus.get().filter(|bus| nodes > 0 && bus.state().is_connected) else {
            return Vec::new();
        };
        let (answer, mut answered) = mpsc::channel(nodes);
        let asked = || self.core.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked().insert(id.clone(), answer);
        bus.publish(BusMessage::Ask { id: id.clone(), method: method.to_owned() });
        let mut answers = Vec::with_capacity(nodes);
        let all = async {
            while answers.len() < nodes
                && let Some(result) = answered.recv().await
            {
                answers.push(result);
            }
        };
        // Those that have not answered by then are not waited for.
        let _ = tokio::time::timeout(ANSWERS, all).await;
        asked().remove(&id);
        answers
    }

    /// The newest position other nodes told of, each time it moves. Now and then late, or never: the log is what
    /// counts.
    pub fn announced(&self) -> watch::Receiver<Position> {
        self.core.announced.subscribe()
    }

    /// Tells other nodes that the log has events up to here.
    pub fn announce(&self, position: Position) {
        if let Some(bus) = self.core.bus.get() {
            bus.publish(BusMessage::Committed { position });
        }
    }

    /// The identity of the log.
    pub fn epoch(&self) -> Epoch {
        self.core.log.epoch()
    }

    /// Who takes workers in. The first one set stays.
    pub fn set_workers(&self, workers: Arc<dyn Workers>) {
        if self.core.workers.set(workers).is_err() {
            tracing::error!("the hub's workers were set twice");
        }
    }

    /// Who tells what an `authenticate` frame proves. The first one set stays.
    pub fn set_authenticator(&self, authenticator: Arc<dyn Authenticator>) {
        if self.core.authenticator.set(authenticator).is_err() {
            tracing::error!("the hub's authenticator was set twice");
        }
    }

    /// What the clients that are connected came in with.
    pub fn credentials(&self) -> BTreeSet<CredentialId> {
        self.core.holders.credentials()
    }

    /// Ends the connections of some who came in with credentials: those of `is_meant`.
    pub fn end(&self, close: Close, is_meant: impl Fn(&Identity) -> bool) {
        self.core.holders.end(&close, |who, _| is_meant(who));
    }

    /// Ends the connections whose proof has ended, or did not come in time.
    pub fn end_expired(&self, now: Timestamp) {
        // Whose own end it is not has not said who they are.
        let is_over = |until: Option<Timestamp>| until.is_some_and(|until| now >= until);
        self.core.holders.end(&EXPIRED, |who, until| is_over(until) && who.expires_at == until);
        self.core.holders.end(&UNPROVEN, |who, until| is_over(until) && who.expires_at != until);
    }

    /// Hands durable events to the subscribers, and their projections to those who see them. To be called by one
    /// publisher, after their commit, in position order. Waits while the hub is behind.
    ///
    /// A position left out is noticed: the connections then read what follows from the log.
    pub async fn publish(&self, events: Vec<Arc<Envelope>>) {
        if !events.is_empty() {
            // Fails only after shutdown, when nobody listens.
            let _ = self.core.events.send(events).await;
        }
    }

    /// Hands an event without a position to whoever is subscribed now, at this node and at others. Never waits: under
    /// pressure older values of the same thing give way, then events are dropped; both are counted.
    pub fn publish_ephemeral(&self, envelope: Envelope) {
        if let Some(bus) = self.core.bus.get().filter(|_| envelope.position.is_none()) {
            bus.publish(BusMessage::Event { event: envelope.clone() });
        }
        self.core.show(envelope);
    }

    /// Takes a client in, as `who`; without, it has some seconds to tell with `authenticate`. `client` is a fresh id. The first thing its outbound half gives is `hello`.
    ///
    /// # Errors
    /// When the hub is going away.
    pub async fn connect(
        &self,
        kind: Kind,
        client: ClientId,
        who: impl Into<Option<Arc<Identity>>>,
        now: Timestamp,
    ) -> Result<(Inbound, Outbound), Draining> {
        if self.core.is_draining() {
            return Err(Draining);
        }
        let config = &self.core.config;
        let age = Duration::from_millis(config.queue_age_ms);
        let shared = Arc::new(Shared::new(client, Outbox::new(config.limits.queue_bytes as usize, age)));
        let (session, hello) = Session::open(kind, client, who.into(), self.core.log.epoch(), config, now);
        let presence = Arc::new(Presence::new(self.core.clone(), shared.clone()));
        self.core.inputs.send(Input::Enter(shared.clone())).await.map_err(|_| Draining)?;
        let outbound = Outbound::new(shared.clone(), self.core.clone(), presence.clone());
        let mut inbound = Inbound::new(session, shared, self.core.clone(), presence);
        inbound.note_proof();
        inbound.carry_out(vec![hello], now).await;
        Ok((inbound, outbound))
    }

    /// What `hello` tells a connection of this kind.
    pub fn limits(&self, kind: Kind) -> Limits {
        self.core.config.limits_of(kind)
    }

    pub fn health(&self) -> HubHealth {
        self.core.counters.health()
    }

    /// Who is connected, what they are subscribed to, what waits and what was lost. `status` is left empty.
    pub async fn status(&self) -> WebsocketStatus {
        let (answer, status) = oneshot::channel();
        if self.core.inputs.send(Input::Status(answer)).await.is_ok()
            && let Ok(status) = status.await
        {
            return status;
        }
        // The hub has stopped: nobody is connected any more.
        WebsocketStatus { handshakes: self.health().handshakes, ..WebsocketStatus::default() }
    }

    /// How it stands with the bus to other nodes; `None`: there is none.
    pub fn bus_state(&self) -> Option<BusState> {
        self.core.bus.get().map(|bus| bus.state())
    }

    /// How connections were closed from this side, and how often.
    pub fn closes(&self) -> Vec<(Close, u64)> {
        self.core.counters.closes()
    }

    /// The errors that frames were answered with, by code, and how often. One that ended its connection is counted as
    /// that close and not here.
    pub fn errors(&self) -> Vec<(String, u64)> {
        self.core.counters.errors()
    }

    /// Counts the error that somebody got who was not let in to [`Hub::connect`].
    pub fn count_error(&self, code: &str) {
        self.core.counters.answered_with(code);
    }

    /// Ephemeral events nobody or not everybody got, because newer ones came or there was no room.
    pub fn ephemeral_dropped(&self) -> u64 {
        self.core.counters.ephemeral_dropped()
    }

    /// Takes no more clients, tells those there are when to come back, and closes them in batches over the
    /// drain window. Resolves when all are gone or had time enough.
    pub async fn drain(&self) {
        self.core.start_draining();
        let (answer, all) = oneshot::channel();
        if self.core.inputs.send(Input::Drain(answer)).await.is_err() {
            return;
        }
        let Ok(mut all) = all.await else { return };
        // Ids sort by time of arrival; their low bits are random.
        all.sort_by_key(|shared| shared.client.0.as_u128() as u64);
        let pause = Duration::from_millis(self.core.config.drain_window_ms) / DRAIN_BATCHES;
        for batch in all.chunks(all.len().div_ceil(DRAIN_BATCHES as usize).max(1)) {
            tokio::time::sleep(pause).await;
            for shared in batch {
                shared.close(GOING_AWAY);
            }
        }
        drop(all);
        let _ = tokio::time::timeout(GRACE, self.core.counters.none_connected()).await;
    }

    /// Whether [`Hub::connect`] refuses.
    pub fn is_draining(&self) -> bool {
        self.core.is_draining()
    }

    /// Stops the hub's task, closes the connections that are left and waits for commands under way. To be kind,
    /// [`Hub::drain`] first.
    pub async fn shutdown(&self) {
        self.core.start_draining();
        self.core.stop.cancel();
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the hub's task ended badly");
        }
        self.core.calls.close();
        if tokio::time::timeout(GRACE, self.core.calls.wait()).await.is_err() {
            tracing::warn!("commands of the socket were still under way at shutdown");
        }
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.core.stop.cancel();
    }
}
