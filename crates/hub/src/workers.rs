//! Worker processes as the hub sees them: connections that take tasks.

use crate::{connection::Shared, session::Close};
use async_trait::async_trait;
use bytes::Bytes;
use protocol::{
    ClientId, Problem,
    frame::{
        FromWorker,
        worker::{SUBPROTOCOL, WorkerJoin},
    },
};
use std::{
    fmt,
    sync::{Arc, Weak},
};

/// What a connection is, decided at its upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Client,
    /// It asked for the subprotocol of workers: it may join, and send larger messages.
    Worker,
}

impl Kind {
    /// By the subprotocol that was agreed on.
    pub fn of(subprotocol: Option<&str>) -> Self {
        if subprotocol == Some(SUBPROTOCOL) { Kind::Worker } else { Kind::Client }
    }
}

/// Takes workers in.
pub trait Workers: Send + Sync + 'static {
    /// A worker joins over the connection `line` is of. Does not wait; `worker_joined` is the first frame of the
    /// answer's [`JoinedWorker::next`].
    ///
    /// # Errors
    /// When it cannot be taken in; it is told, and the connection ends.
    #[allow(clippy::result_large_err, reason = "once per connection")]
    fn join(&self, join: WorkerJoin, line: Line) -> Result<Arc<dyn JoinedWorker>, Problem>;
}

/// One worker, as long as its connection lives.
#[async_trait]
pub trait JoinedWorker: Send + Sync + 'static {
    /// Everything but `worker_join`. Resolves when the next frame may be read.
    async fn frame(&self, frame: FromWorker);

    /// The next frame for it; asked for when the connection has room. Whoever has a new one calls [`Line::wake`].
    /// May be larger than the room by one task.
    fn next(&self) -> Option<Bytes>;

    /// The connection has ended. Called once.
    fn gone(&self, why: Gone);
}

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// The worker left, broke, or was disconnected.
    Left,
    /// This server is going away: the worker comes back to the next one, and may still run what it has.
    ServerDrains,
}

/// The connection of a worker.
#[derive(Clone)]
pub struct Line(Weak<Shared>);

impl Line {
    pub(crate) fn of(shared: &Arc<Shared>) -> Self {
        Self(Arc::downgrade(shared))
    }

    /// The connection; `None` when it has ended.
    pub fn client(&self) -> Option<ClientId> {
        self.0.upgrade().map(|shared| shared.client)
    }

    /// There is something to send.
    pub fn wake(&self) {
        if let Some(shared) = self.0.upgrade() {
            shared.wake();
        }
    }

    /// Ends the connection after what waits.
    pub fn close(&self, close: Close) {
        if let Some(shared) = self.0.upgrade() {
            shared.close(close);
        }
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Line").field(&self.client()).finish()
    }
}
