//! What the hub's task and the connection share.

use super::{
    ephemeral::Key,
    outbox::{Outbox, Overflow, Step},
    packet::Packet,
    socket::Socket,
};
use crate::{
    bus::{Core, Input},
    session::Close,
    wire::{self, Frame, Wire},
    workers::{Gone, JoinedWorker},
};
use protocol::{ClientId, Position, frame::ServerFrame};
use std::{
    ops::{Deref, DerefMut},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::{sync::Notify, time::Instant};

/// Batches written in a row before others have their turn.
const BATCHES: usize = 4;

pub(crate) struct Shared {
    pub(crate) client: ClientId,
    line: Mutex<Line>,
    /// The client reads compressed messages.
    deflate: AtomicBool,
    /// There may be something to send. One waiter.
    changed: Notify,
    /// Something was sent. One waiter.
    sent: Notify,
    gone: AtomicBool,
    /// Set when the client has joined as a worker.
    worker: OnceLock<Arc<dyn JoinedWorker>>,
}

struct Line {
    outbox: Outbox,
    /// `None`: what is sent is pulled.
    socket: Option<Socket>,
}

/// The outbox, locked.
pub(crate) struct Held<'a>(MutexGuard<'a, Line>);

impl Deref for Held<'_> {
    type Target = Outbox;

    fn deref(&self) -> &Outbox {
        &self.0.outbox
    }
}

impl DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut Outbox {
        &mut self.0.outbox
    }
}

/// How far the writing came.
pub(crate) enum Drained {
    /// The socket takes no more; it has until then.
    Blocked(Arc<dyn Wire>, Instant),
    /// There is more to write.
    More,
    /// Everything was written, and this is to be done or waited for.
    Next(Step),
    /// The connection is lost.
    Lost,
}

impl Shared {
    pub(crate) fn new(client: ClientId, outbox: Outbox) -> Self {
        Self {
            client,
            line: Mutex::new(Line { outbox, socket: None }),
            deflate: AtomicBool::new(false),
            changed: Notify::new(),
            sent: Notify::new(),
            gone: AtomicBool::new(false),
            worker: OnceLock::new(),
        }
    }

    /// Never held over an await. The outbox is consistent between its calls, so a panic elsewhere does not
    /// spoil it.
    pub(crate) fn outbox(&self) -> Held<'_> {
        Held(self.line())
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on the hub's task writes to the socket too.
    pub(crate) fn set_wire(&self, wire: Arc<dyn Wire>, deflate: bool) {
        self.line().socket = Some(Socket::new(wire, deflate));
        self.deflate.store(deflate, Ordering::Relaxed);
    }

    pub(crate) fn deflates(&self) -> bool {
        self.deflate.load(Ordering::Relaxed)
    }

    /// Live events for this client: straight to the socket when nothing waits, to the live lane else. On overflow
    /// they are in all the same: [`Outbox::cut`] follows.
    pub(crate) fn deliver(&self, packet: &Packet<'_>, now: Instant) -> Result<(), Overflow> {
        let mut line = self.line();
        let Line { outbox, socket } = &mut *line;
        let free = socket.as_mut().filter(|socket| socket.is_free() && outbox.is_idle());
        let delivered = match (free, packet.joined) {
            (Some(socket), Some(joined)) if packet.first() > outbox.floor() => {
                let written = socket.write(joined);
                if written == joined.len() {
                    return Ok(());
                }
                let rest = begin(socket, packet, written);
                outbox.set_taken(socket.pending_bytes());
                outbox.push_live(packet.events().skip(rest).cloned(), now)
            }
            _ => outbox.push_live(packet.events().cloned(), now),
        };
        let is_blocked = socket.as_ref().is_some_and(Socket::is_blocked);
        drop(line);
        if !is_blocked {
            self.wake();
        }
        delivered
    }

    /// An ephemeral event, in the same manner. Returns how many older ones gave way.
    pub(crate) fn deliver_ephemeral(&self, key: Option<Key>, frame: &Frame, count: u64) -> u64 {
        let mut line = self.line();
        let Line { outbox, socket } = &mut *line;
        let mut gone = 0;
        match socket {
            Some(socket) if socket.is_free() && outbox.is_idle() => {
                let bytes = frame.bytes(socket.deflates());
                let written = socket.write(bytes);
                if written == bytes.len() {
                    return 0;
                }
                if written > 0 {
                    socket.push(bytes.slice(written..));
                    outbox.set_taken(socket.pending_bytes());
                } else {
                    gone = outbox.push_ephemeral(key, frame.clone(), count);
                }
            }
            _ => gone = outbox.push_ephemeral(key, frame.clone(), count),
        }
        let is_blocked = socket.as_ref().is_some_and(Socket::is_blocked);
        drop(line);
        if !is_blocked {
            self.wake();
        }
        gone
    }

    /// Writes what waits, the hub being at `head`, as far as the socket takes it.
    pub(crate) fn drain(&self, head: Position) -> Drained {
        for _ in 0..BATCHES {
            let mut line = self.line();
            let Line { outbox, socket } = &mut *line;
            let Some(socket) = socket else { return Drained::Lost };
            match socket.write_pending() {
                Ok(true) => {}
                Ok(false) => return Drained::Blocked(socket.wire(), socket.deadline()),
                Err(_) => return Drained::Lost,
            }
            match outbox.step(head) {
                Step::Send(batch) => socket.take(batch),
                step => return Drained::Next(step),
            }
        }
        Drained::More
    }

    /// Writes the close frame, behind which nothing follows.
    pub(crate) fn drain_close(&self, close: Option<&Close>) -> Drained {
        let mut line = self.line();
        let Some(socket) = &mut line.socket else { return Drained::Lost };
        if let Some(Close { code, reason }) = close {
            socket.push(wire::close(*code, reason));
        }
        match socket.write_pending() {
            Ok(true) => Drained::Next(Step::Wait),
            Ok(false) => Drained::Blocked(socket.wire(), socket.deadline()),
            Err(_) => Drained::Lost,
        }
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

    pub(crate) fn pong(&self, payload: bytes::Bytes) {
        self.outbox().pong(payload);
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
            self.outbox().push_control(Frame::text_of(&frame));
        }
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }
}

/// Of a packet some bytes were written: a frame that was begun is finished, and an event and its projections, which
/// have one position, are given together, since a cut resumes after it. Returns how many events are gone with that.
fn begin(socket: &mut Socket, packet: &Packet<'_>, mut written: usize) -> usize {
    let (mut gone, mut reached) = (0, None);
    for event in packet.events() {
        let bytes = event.frame.bytes(socket.deflates());
        if written < bytes.len() {
            if written == 0 && reached != Some(event.position) {
                break;
            }
            socket.push(bytes.slice(written..));
        }
        written = written.saturating_sub(bytes.len());
        reached = Some(event.position);
        gone += 1;
    }
    gone
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
        // The socket closes now, not when the hub's task hears of it.
        self.shared.line().socket = None;
        self.core.counters.connection_closed();
        self.core.holders.forget(self.shared.client);
        if let Some(worker) = self.shared.worker() {
            worker.gone(if self.core.is_draining() { Gone::ServerDrains } else { Gone::Left });
        }
        // When the channel is full the hub's sweep finds out.
        let _ = self.core.inputs.try_send(Input::Leave(self.shared.client));
    }
}
