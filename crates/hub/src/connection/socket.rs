//! A connection's socket, as the hub's task and the connection's own write to it in turns: under one lock, so what
//! is sent is sent in one order.

use super::{outbox::Piece, packet::Packet};
use crate::wire::{self, Frame, Reads, Wire};
use bytes::{Buf, Bytes};
use std::{
    collections::VecDeque,
    io::{self, ErrorKind, IoSlice},
    sync::Arc,
    time::Duration,
};
use tokio::time::Instant;

/// Pieces handed to the system in one call.
const PIECES: usize = 64;

/// What was taken for the socket must be written after this long, plus the time its bytes take at a very slow rate;
/// else the client is not reading, and the connection ends.
const STALL: Duration = Duration::from_secs(30);
const SLOWEST_BYTES_PER_S: u64 = 8 << 10;

/// In this order: see [`super::Shared`].
#[repr(C)]
pub(crate) struct Socket {
    wire: Arc<dyn Wire>,
    reads: Reads,
    /// Taken and not written: whole frames but for the first, of which a part may have gone.
    pending: VecDeque<Bytes>,
    pending_bytes: usize,
    /// The connection's task waits until the socket takes more: nothing new makes that sooner.
    blocked: bool,
    /// When what is pending must be written; set while the socket takes nothing.
    deadline: Option<Instant>,
}

impl Socket {
    pub(super) fn new(wire: Arc<dyn Wire>, reads: Reads) -> Self {
        Self { wire, reads, pending: VecDeque::new(), pending_bytes: 0, blocked: false, deadline: None }
    }

    pub(super) fn wire(&self) -> Arc<dyn Wire> {
        self.wire.clone()
    }

    pub(super) fn reads(&self) -> Reads {
        self.reads
    }

    /// Everything taken was written.
    pub(super) fn is_free(&self) -> bool {
        self.pending.is_empty()
    }

    pub(super) fn is_blocked(&self) -> bool {
        self.blocked
    }

    pub(super) fn pending_bytes(&self) -> usize {
        self.pending_bytes
    }

    /// How much the socket takes of these bytes now. An error is none: who drains next finds it.
    pub(super) fn write(&self, bytes: &[u8]) -> usize {
        loop {
            match self.wire.try_write(bytes) {
                Ok(written) => return written,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return 0,
            }
        }
    }

    pub(super) fn push(&mut self, bytes: Bytes) {
        self.pending_bytes += bytes.len();
        self.pending.push_back(bytes);
    }

    /// Of a packet some bytes were written: a frame that was begun is finished, and an event and its projections, which
    /// have one position, are given together, since a cut resumes after it. A batch is one frame. Returns how many
    /// events are gone with that.
    pub(super) fn begin(&mut self, packet: &Packet<'_>, mut written: usize) -> usize {
        if let (true, Some(joined)) = (self.reads.batch, packet.joined) {
            self.push(joined.slice(written..));
            return packet.events().count();
        }
        let (mut gone, mut reached) = (0, None);
        for event in packet.events() {
            let bytes = event.frame.bytes(self.reads.deflate);
            if written < bytes.len() {
                if written == 0 && reached != Some(event.position) {
                    break;
                }
                self.push(bytes.slice(written..));
            }
            written = written.saturating_sub(bytes.len());
            reached = Some(event.position);
            gone += 1;
        }
        gone
    }

    pub(super) fn take(&mut self, batch: Vec<Piece>) {
        // Those that follow each other, of a client that reads them together.
        let mut run = Vec::new();
        for piece in batch {
            let bytes = match piece {
                Piece::Message(frame) if self.reads.batch => {
                    run.push(frame);
                    continue;
                }
                Piece::Message(frame) => frame.bytes(self.reads.deflate).clone(),
                Piece::Ping => wire::ping(),
                Piece::Pong(payload) => wire::pong(&payload),
            };
            self.push_run(&mut run);
            self.push(bytes);
        }
        self.push_run(&mut run);
    }

    fn push_run(&mut self, run: &mut Vec<Frame>) {
        for message in wire::joined(&*run, self.reads.deflate) {
            self.push(message);
        }
        run.clear();
    }

    /// Writes what is pending. False: the socket takes no more for now, and the connection's task waits for it.
    ///
    /// # Errors
    /// The connection is lost.
    pub(super) fn write_pending(&mut self) -> io::Result<bool> {
        // Cleared before anything is looked at: what comes later wakes again.
        self.blocked = false;
        while !self.pending.is_empty() {
            let mut slices = [IoSlice::new(&[]); PIECES];
            let count = self.pending.len().min(PIECES);
            for (slice, bytes) in slices.iter_mut().zip(&self.pending) {
                *slice = IoSlice::new(bytes);
            }
            match self.wire.try_write_vectored(&slices[..count]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => self.advance(written),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.blocked = true;
                    let slowest = Duration::from_secs(self.pending_bytes as u64 / SLOWEST_BYTES_PER_S);
                    self.deadline.get_or_insert_with(|| Instant::now() + STALL + slowest);
                    return Ok(false);
                }
                Err(error) => return Err(error),
            }
        }
        self.deadline = None;
        // An idle connection holds no buffer.
        self.pending = VecDeque::new();
        Ok(true)
    }

    /// When a client that takes nothing is given up.
    pub(super) fn deadline(&self) -> Instant {
        self.deadline.unwrap_or_else(|| Instant::now() + STALL)
    }

    fn advance(&mut self, mut written: usize) {
        self.pending_bytes -= written;
        while let Some(first) = self.pending.front_mut() {
            if written < first.len() {
                first.advance(written);
                return;
            }
            written -= first.len();
            self.pending.pop_front();
        }
    }
}
