//! The sending half with a socket of its own.

use super::{
    outbound::Outbound,
    outbox::Step,
    shared::{Drained, Shared},
};
use crate::{
    session::Close,
    wire::{Reads, Wire},
};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, timeout_at};

/// How long the client has to take the close frame.
const CLOSE_GRACE: Duration = Duration::from_secs(2);

/// Writes what waits for the client. The hub's task writes live events itself while nothing waits; what the socket
/// does not take then, answers and catch-ups are written here.
pub struct Wired {
    outbound: Outbound,
}

/// The connection broke, or the client did not read: it is given up without a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost;

impl Wired {
    pub(super) fn new(outbound: Outbound, wire: Arc<dyn Wire>, reads: Reads) -> Self {
        outbound.shared.set_wire(wire, reads);
        Self { outbound }
    }

    /// Runs until a close frame was written.
    ///
    /// # Errors
    /// When none could be.
    pub async fn run(mut self) -> Result<(), Lost> {
        let close = self.until_close().await?;
        let deadline = Instant::now() + CLOSE_GRACE;
        let mut close = Some(&close);
        loop {
            match self.outbound.shared.drain_close(close.take()) {
                Drained::Blocked(wire, _) => writable(&*wire, deadline).await?,
                Drained::Lost => return Err(Lost),
                _ => return Ok(()),
            }
        }
    }

    async fn until_close(&mut self) -> Result<Close, Lost> {
        let outbound = &mut self.outbound;
        loop {
            outbound.shared.pull_from_worker();
            let drained = drain(&outbound.shared, outbound.core.position());
            match drained {
                Drained::Blocked(wire, deadline) => writable(&*wire, deadline).await?,
                Drained::More => tokio::task::yield_now().await,
                Drained::Lost => return Err(Lost),
                Drained::Next(Step::Close(close)) => {
                    outbound.count(&close);
                    return Ok(close);
                }
                Drained::Next(Step::Want(want)) => {
                    outbound.pursue(want).await;
                    outbound.changed().await;
                }
                Drained::Next(_) => outbound.changed().await,
            }
        }
    }
}

fn drain(shared: &Shared, head: protocol::Position) -> Drained {
    let drained = shared.drain(head);
    shared.tell_sent();
    drained
}

async fn writable(wire: &dyn Wire, deadline: Instant) -> Result<(), Lost> {
    timeout_at(deadline, wire.writable()).await.map_err(|_| Lost)?.map_err(|_| Lost)
}
