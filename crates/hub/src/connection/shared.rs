//! What the hub's task and the connection share.

mod room;

use super::{
    ephemeral::Key,
    outbox::{Outbox, Overflow, Step},
    packet::Packet,
    socket::Socket,
};
use crate::{
    bus::{Core, Input},
    session::Close,
    wire::{self, Frame, Reads, Wire},
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

/// What a delivery to a client that keeps up looks at comes first, together on one line of the processor's cache: of
/// thousands of clients every line is fetched anew, which takes as long as a good part of the sending. Not aligned to
/// it: blocks of this size are, and asking for it makes them larger.
#[repr(C)]
pub(crate) struct Shared {
    /// How the client reads.
    deflate: AtomicBool,
    batch: AtomicBool,
    line: Mutex<Line>,
    pub(crate) client: ClientId,
    /// There may be something to send. One waiter.
    changed: Notify,
    /// Something was sent, or nothing more will be. At most two wait, who is read from and a command with its answer;
    /// whoever is woken and finds room wakes the other.
    sent: Notify,
    gone: AtomicBool,
    /// It is to be closed: nothing the client says is taken any more.
    closing: AtomicBool,
    /// Nor is anything done of what was taken and waits: who sent it is not, or may not, any more.
    disowned: AtomicBool,
    /// A command's answer waits for room.
    call_waits: AtomicBool,
    /// Set when the client has joined as a worker.
    worker: OnceLock<Arc<dyn JoinedWorker>>,
}

#[repr(C)]
struct Line {
    /// Nothing waits and nothing is on its way: what is written to the socket now is next. Computed, as the floor is,
    /// whenever the outbox may have changed.
    is_clear: bool,
    /// The outbox's.
    floor: Position,
    /// `None`: what is sent is pulled.
    socket: Option<Socket>,
    outbox: Outbox,
}

impl Line {
    fn settle(&mut self) {
        self.is_clear = self.socket.as_ref().is_some_and(Socket::is_free) && self.outbox.is_idle();
        self.floor = self.outbox.floor();
    }
}

/// The outbox, locked.
pub(crate) struct Held<'a>(MutexGuard<'a, Line>);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.settle();
    }
}

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
            deflate: AtomicBool::new(false),
            batch: AtomicBool::new(false),
            line: Mutex::new(Line { is_clear: false, floor: outbox.floor(), socket: None, outbox }),
            client,
            changed: Notify::new(),
            sent: Notify::new(),
            gone: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            disowned: AtomicBool::new(false),
            call_waits: AtomicBool::new(false),
            worker: OnceLock::new(),
        }
    }

    /// Never held over an await. The outbox is consistent between its calls, so a panic elsewhere does not
    /// spoil it.
    pub(crate) fn outbox(&self) -> Held<'_> {
        Held(self.line())
    }

    /// For who only looks; what changes the line is a [`Held`].
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on the hub's task writes to the socket too.
    pub(crate) fn set_wire(&self, wire: Arc<dyn Wire>, reads: Reads) {
        self.outbox().0.socket = Some(Socket::new(wire, reads));
        self.deflate.store(reads.deflate, Ordering::Relaxed);
        self.batch.store(reads.batch, Ordering::Relaxed);
    }

    pub(crate) fn reads(&self) -> Reads {
        Reads { deflate: self.deflate.load(Ordering::Relaxed), batch: self.batch.load(Ordering::Relaxed) }
    }

    /// Live events for this client: straight to the socket when nothing waits, to the live lane else. On overflow
    /// they are in all the same: [`Outbox::cut`] follows.
    pub(crate) fn deliver(&self, packet: &Packet<'_>, now: Instant) -> Result<(), Overflow> {
        let line = self.line();
        let mut written = 0;
        if line.is_clear
            && packet.first() > line.floor
            && let (Some(socket), Some(joined)) = (&line.socket, packet.joined)
        {
            written = socket.write(joined);
            if written == joined.len() {
                return Ok(());
            }
        }
        self.deliver_later(Held(line), packet, written, now)
    }

    /// What the socket did not take of a packet waits.
    #[cold]
    fn deliver_later(
        &self,
        mut line: Held<'_>,
        packet: &Packet<'_>,
        written: usize,
        now: Instant,
    ) -> Result<(), Overflow> {
        let Line { outbox, socket, .. } = &mut *line.0;
        let mut gone = 0;
        if let Some(socket) = socket.as_mut().filter(|_| written > 0) {
            gone = socket.begin(packet, written);
            outbox.set_taken(socket.pending_bytes());
        }
        let delivered = outbox.push_live(packet.events().skip(gone).cloned(), now);
        let is_blocked = socket.as_ref().is_some_and(Socket::is_blocked);
        drop(line);
        if !is_blocked {
            self.wake();
        }
        delivered
    }

    /// An ephemeral event, in the same manner. Returns how many older ones gave way.
    pub(crate) fn deliver_ephemeral(&self, key: Option<Key>, frame: &Frame, count: u64) -> u64 {
        let line = self.line();
        let mut written = 0;
        if line.is_clear
            && let Some(socket) = &line.socket
        {
            let bytes = frame.bytes(socket.reads().deflate);
            written = socket.write(bytes);
            if written == bytes.len() {
                return 0;
            }
        }
        let mut line = Held(line);
        let Line { outbox, socket, .. } = &mut *line.0;
        let mut gone = 0;
        match socket {
            Some(socket) if written > 0 => {
                socket.push(frame.bytes(socket.reads().deflate).slice(written..));
                outbox.set_taken(socket.pending_bytes());
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
            let mut line = self.outbox();
            let Line { outbox, socket, .. } = &mut *line.0;
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
        let mut line = self.outbox();
        let Some(socket) = &mut line.0.socket else { return Drained::Lost };
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

    /// The same, made already.
    pub(crate) fn answer_with(&self, frame: Frame) {
        self.outbox().push_control(frame);
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
        self.closing.store(true, Ordering::Release);
        self.outbox().close(close);
        self.wake();
        self.sent.notify_one();
    }

    /// Closes, and does nothing of what waits.
    pub(crate) fn disown(&self, close: Close) {
        self.disowned.store(true, Ordering::Release);
        self.close(close);
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    pub(crate) fn is_disowned(&self) -> bool {
        self.disowned.load(Ordering::Acquire)
    }

    pub(crate) fn tell_sent(&self) {
        self.sent.notify_one();
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
        self.shared.sent.notify_one();
        // The socket closes now, not when the hub's task hears of it.
        self.shared.outbox().0.socket = None;
        self.core.counters.connection_closed();
        self.core.holders.forget(self.shared.client);
        if let Some(worker) = self.shared.worker() {
            worker.gone(if self.core.is_draining() { Gone::ServerDrains } else { Gone::Left });
        }
        // When the channel is full the hub's sweep finds out.
        let _ = self.core.inputs.try_send(Input::Leave(self.shared.client));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn a_delivery_looks_at_one_line_of_the_cache() {
        // In front are the counts of the `Arc`. The lock is before what it guards, and the wire first of the socket.
        let counts = 2 * size_of::<usize>();
        let lock = size_of::<Mutex<Line>>() - size_of::<Line>();
        let wire = counts + offset_of!(Shared, line) + lock + offset_of!(Line, socket);
        assert!(wire + size_of::<Arc<dyn Wire>>() <= 64, "{wire}");
        assert_eq!(size_of::<Option<Socket>>(), size_of::<Socket>());
    }
}
