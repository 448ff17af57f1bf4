//! What the client is sent: pulled, or written to its socket; either way nothing is read from the log before the
//! client has taken what was read before.

use super::{
    catch_up::{Request, Want},
    outbox::{Piece, Step},
    pages::{Pages, Read},
    shared::{Presence, Shared},
    wired::Wired,
};
use crate::{
    LogUnavailable,
    bus::{Core, Input},
    session::Close,
    wire::{Reads, Wire},
};
use bytes::Bytes;
use futures::future::OptionFuture;
use protocol::frame::GapReason;
use std::sync::Arc;
use tokio_util::task::AbortOnDropHandle;

/// The sending half.
pub struct Outbound {
    pub(super) shared: Arc<Shared>,
    pub(super) core: Arc<Core>,
    pages: Pages,
    reading: Option<Reading>,
    _presence: Arc<Presence>,
}

/// A page that is read. By a task of its own: this half may be waiting for a client that does not read, and whoever
/// reads keeps the log's readers from others.
struct Reading {
    request: Request,
    page: AbortOnDropHandle<Result<Read, LogUnavailable>>,
}

/// What the socket is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sending {
    /// Write all of these and flush once.
    Batch(Vec<Outgoing>),
    /// Close; nothing follows.
    Close(Close),
}

/// A message, where the connection is pulled from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// One text message.
    Text(Bytes),
    /// A WebSocket ping.
    Ping,
}

impl Outbound {
    pub(crate) fn new(shared: Arc<Shared>, core: Arc<Core>, presence: Arc<Presence>) -> Self {
        let pages = Pages::new(shared.outbox().catch_up_budget());
        Self { shared, core, pages, reading: None, _presence: presence }
    }

    /// Gives the connection its socket, which it writes to from here on, and the hub's task too.
    pub fn over(self, wire: Arc<dyn Wire>, reads: Reads) -> Wired {
        Wired::new(self, wire, reads)
    }

    /// The next thing to send; asking for it says that the one before was written. Waits while there is none.
    pub async fn next(&mut self) -> Sending {
        loop {
            self.shared.pull_from_worker();
            let step = self.shared.outbox().step(self.core.position());
            self.shared.tell_sent();
            match step {
                Step::Send(batch) => {
                    let batch: Vec<_> = batch.into_iter().filter_map(outgoing).collect();
                    if batch.is_empty() {
                        continue;
                    }
                    return Sending::Batch(batch);
                }
                Step::Close(close) => {
                    self.count(&close);
                    return Sending::Close(close);
                }
                Step::Want(want) => self.pursue(want).await,
                Step::Wait => {}
            }
            self.changed().await;
        }
    }

    /// How it ended, for the figures. What the client closed itself has no words of ours.
    pub(super) fn count(&self, close: &Close) {
        if !close.reason.is_empty() {
            self.core.counters.closed(close);
        }
    }

    /// Starts what the catch-up wants.
    pub(super) async fn pursue(&mut self, want: Want) {
        match want {
            Want::Page(request) if self.reading.is_none() => {
                let page = tokio::spawn(self.pages.read(self.core.clone(), request.clone()));
                self.reading = Some(Reading { request, page: AbortOnDropHandle::new(page) });
            }
            Want::Join => {
                let _ = self.core.inputs.send(Input::Join(self.shared.client)).await;
            }
            _ => {}
        }
    }

    /// Resolves when there may be something to do: something was put in, or a page was read.
    pub(super) async fn changed(&mut self) {
        tokio::select! {
            () = self.shared.woken() => {}
            Some(result) = OptionFuture::from(self.reading.as_mut().map(|reading| &mut reading.page)) => {
                let Some(Reading { request, .. }) = self.reading.take() else { return };
                self.read(&request, result.unwrap_or_else(|error| Err(LogUnavailable(error.to_string()))));
            }
        }
    }

    /// Bytes held for this client.
    pub fn held_bytes(&self) -> usize {
        self.shared.outbox().bytes()
    }

    fn read(&mut self, request: &Request, result: Result<Read, LogUnavailable>) {
        self.pages.learn(&result);
        let mut outbox = self.shared.outbox();
        let lost = match result {
            Ok(Read { complete_after, .. }) if complete_after > request.after => {
                tracing::debug!(topic = %request.topic, after = %request.after, "the log no longer reaches back so far");
                GapReason::Retention
            }
            Ok(Read { events, through, at_head, .. }) => {
                if let Some(catch_up) = outbox.catch_up() {
                    catch_up.feed(request, events, through, at_head);
                }
                return;
            }
            Err(error) => {
                tracing::warn!(%error, topic = %request.topic, after = %request.after, "a topic cannot be resumed");
                GapReason::Unavailable
            }
        };
        if outbox.lose(request, lost, self.core.position()) {
            self.core.counters.gap_told();
        }
    }
}

/// Pongs are the socket's: there is none here.
fn outgoing(piece: Piece) -> Option<Outgoing> {
    match piece {
        Piece::Message(frame) => Some(Outgoing::Text(frame.text())),
        Piece::Ping => Some(Outgoing::Ping),
        Piece::Pong(_) => None,
    }
}
