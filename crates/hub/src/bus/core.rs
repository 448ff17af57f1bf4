//! What the hub, its task and every connection have in common.

use super::{counters::Counters, input::Input};
use crate::{Commands, HubConfig, Log, Workers};
use protocol::{Envelope, Position};
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, AtomicU64, Ordering},
};
use tokio::sync::{Semaphore, mpsc};
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
    pub(crate) workers: OnceLock<Arc<dyn Workers>>,
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
            workers: OnceLock::new(),
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

    pub(crate) fn start_draining(&self) {
        self.draining.store(true, Ordering::Release);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }
}
