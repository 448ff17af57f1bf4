//! What the hub's task and the connection share.

use super::outbox::Outbox;
use crate::{
    bus::{Core, Input},
    session::Close,
    workers::{Gone, JoinedWorker},
};
use protocol::{ClientId, frame::ServerFrame};
use std::sync::{
    Arc, Mutex, MutexGuard, OnceLock, PoisonError,
    atomic::{AtomicBool, Ordering},
};
use tokio::sync::Notify;

pub(crate) struct Shared {
    pub(crate) client: ClientId,
    outbox: Mutex<Outbox>,
    /// There may be something to send. One waiter.
    changed: Notify,
    /// Something was sent. One waiter.
    sent: Notify,
    gone: AtomicBool,
    /// Set when the client has joined as a worker.
    worker: OnceLock<Arc<dyn JoinedWorker>>,
}

impl Shared {
    pub(crate) fn new(client: ClientId, outbox: Outbox) -> Self {
        Self {
            client,
            outbox: Mutex::new(outbox),
            changed: Notify::new(),
            sent: Notify::new(),
            gone: AtomicBool::new(false),
            worker: OnceLock::new(),
        }
    }

    /// Never held over an await. The outbox is consistent between its calls, so a panic elsewhere does not
    /// spoil it.
    pub(crate) fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wake(&self) {
        self.changed.notify_one();
    }

    pub(crate) async fn woken(&self) {
        self.changed.notified().await;
    }

    pub(crate) fn answer(&self, frame: &ServerFrame) {
        self.outbox().answer(frame);
        self.wake();
    }

    pub(crate) fn ping(&self) {
        self.outbox().ping();
        self.wake();
    }

    pub(crate) fn close(&self, close: Close) {
        self.outbox().close(close);
        self.wake();
        self.sent.notify_one();
    }

    pub(crate) fn tell_sent(&self) {
        self.sent.notify_one();
    }

    /// Resolves when there is room for more answers, or no more will be sent.
    pub(crate) async fn room_for_answers(&self) {
        loop {
            {
                let outbox = self.outbox();
                if outbox.is_closing() || outbox.has_room_for_answers() {
                    return;
                }
            }
            self.sent.notified().await;
        }
    }

    pub(crate) fn worker(&self) -> Option<&Arc<dyn JoinedWorker>> {
        self.worker.get()
    }

    /// The client is a worker from now on.
    pub(crate) fn set_worker(&self, worker: Arc<dyn JoinedWorker>) {
        if self.worker.set(worker).is_err() {
            tracing::error!(client = %self.client, "a worker joined twice");
        }
        self.wake();
    }

    /// Takes what the worker is to be sent, as far as there is room.
    pub(crate) fn pull_from_worker(&self) {
        let Some(worker) = self.worker() else { return };
        while self.outbox().has_room_for_a_batch()
            && let Some(frame) = worker.next()
        {
            self.outbox().push_control(frame);
        }
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }
}

/// Held by both halves of a connection; when the last is dropped the hub forgets the client.
pub(crate) struct Presence {
    core: Arc<Core>,
    shared: Arc<Shared>,
}

impl Presence {
    pub(crate) fn new(core: Arc<Core>, shared: Arc<Shared>) -> Self {
        core.counters.connection_opened();
        Self { core, shared }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.shared.gone.store(true, Ordering::Relaxed);
        self.core.counters.connection_closed();
        if let Some(worker) = self.shared.worker() {
            worker.gone(if self.core.is_draining() { Gone::ServerDrains } else { Gone::Left });
        }
        // When the channel is full the hub's sweep finds out.
        let _ = self.core.inputs.try_send(Input::Leave(self.shared.client));
    }
}
