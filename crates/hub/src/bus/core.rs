//! What the hub, its task and every connection have in common.

use super::{counters::Counters, input::Input};
use crate::{Authenticator, Bus, Commands, HubConfig, Log, Workers, holders::Holders};
use protocol::{Envelope, Position};
use serde_json::Value;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Pages of the log read at once for all connections together. When everybody comes back after a restart they
/// take turns, and the store keeps most of its readers for others.
const READERS: usize = 4;

pub(crate) struct Core {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) config: HubConfig,
    pub(crate) inputs: mpsc::Sender<Input>,
    pub(crate) events: mpsc::Sender<Vec<Arc<Envelope>>>,
    pub(crate) ephemeral: mpsc::Sender<Envelope>,
    pub(crate) commands: OnceLock<Arc<dyn Commands>>,
    /// To other nodes.
    pub(crate) bus: OnceLock<Arc<dyn Bus>>,
    /// What this node asked others, by the question's id.
    pub(crate) asked: Mutex<HashMap<String, mpsc::Sender<Value>>>,
    /// The newest position other nodes told of.
    pub(crate) announced: watch::Sender<Position>,
    pub(crate) workers: OnceLock<Arc<dyn Workers>>,
    pub(crate) authenticator: OnceLock<Arc<dyn Authenticator>>,
    pub(crate) holders: Holders,
    pub(crate) readers: Semaphore,
    pub(crate) calls: TaskTracker,
    pub(crate) counters: Counters,
    pub(crate) stop: CancellationToken,
    draining: AtomicBool,
    position: AtomicU64,
}

impl Core {
    pub(crate) fn new(
        log: Arc<dyn Log>,
        config: HubConfig,
        inputs: mpsc::Sender<Input>,
        events: mpsc::Sender<Vec<Arc<Envelope>>>,
        ephemeral: mpsc::Sender<Envelope>,
    ) -> Self {
        Self {
            log,
            config,
            inputs,
            events,
            ephemeral,
            commands: OnceLock::new(),
            bus: OnceLock::new(),
            asked: Mutex::default(),
            announced: watch::Sender::new(Position(0)),
            workers: OnceLock::new(),
            authenticator: OnceLock::new(),
            holders: Holders::default(),
            readers: Semaphore::new(READERS),
            calls: TaskTracker::new(),
            counters: Counters::new(),
            stop: CancellationToken::new(),
            draining: AtomicBool::new(false),
            position: AtomicU64::new(0),
        }
    }

    /// The newest position fanned out, or a little less. A hint: decisions are the hub's task's.
    pub(crate) fn position(&self) -> Position {
        Position(self.position.load(Ordering::Acquire))
    }

    pub(crate) fn set_position(&self, position: Position) {
        self.position.store(position.0, Ordering::Release);
    }

    /// Hands an ephemeral event to who looks at this node.
    pub(crate) fn show(&self, envelope: Envelope) {
        if envelope.position.is_some() {
            tracing::error!(id = %envelope.id, "a durable event was published as an ephemeral one");
        } else if self.ephemeral.try_send(envelope).is_err() {
            self.counters.ephemeral_gave_way(1);
        }
    }

    pub(crate) fn start_draining(&self) {
        self.draining.store(true, Ordering::Release);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }
}
