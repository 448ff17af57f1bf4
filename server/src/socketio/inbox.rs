//! What a client sent and the hub has not taken yet.
//!
//! Engine.IO hands messages over without waiting, so what does not fit ends the connection: it is never dropped in
//! silence, and never more than this.

use engineioxide::Str;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Messages of one client that wait. A client library sends what it kept while it was away in one go.
const MESSAGES: usize = 1_024;
/// Their bytes: a polling client's largest body.
const BYTES: usize = 1 << 20;

/// One message.
#[derive(Debug)]
pub(super) enum Said {
    Text(Str),
    Binary,
}

#[derive(Debug)]
pub(super) struct Inbox {
    sender: mpsc::Sender<Said>,
    bytes: AtomicUsize,
    /// The transport is closed.
    pub(super) gone: CancellationToken,
    /// Something did not fit.
    pub(super) flooded: CancellationToken,
}

impl Inbox {
    pub(super) fn new() -> (Self, mpsc::Receiver<Said>) {
        let (sender, receiver) = mpsc::channel(MESSAGES);
        let (gone, flooded) = (CancellationToken::new(), CancellationToken::new());
        (Self { sender, bytes: AtomicUsize::new(0), gone, flooded }, receiver)
    }

    pub(super) fn put(&self, said: Said) {
        let size = said.size();
        let waiting = self.bytes.fetch_add(size, Ordering::Relaxed) + size;
        if waiting > BYTES || self.sender.try_send(said).is_err() {
            self.flooded.cancel();
        }
    }

    /// A message was taken out.
    pub(super) fn taken(&self, said: &Said) {
        self.bytes.fetch_sub(said.size(), Ordering::Relaxed);
    }
}

impl Said {
    fn size(&self) -> usize {
        match self {
            Said::Text(text) => text.len(),
            Said::Binary => 0,
        }
    }
}
