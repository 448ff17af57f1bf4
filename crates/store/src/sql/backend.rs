//! What a SQL database brings along to be a store: how it writes a group of commits.

use super::{
    encode::Rows,
    recent::{Answer, Recent},
    request::Waiting,
};
use crate::{StoreError, sql::connection::Connection};
use async_trait::async_trait;
use futures::future::BoxFuture;
use protocol::{CommitId, ExecutionId, Position};

/// The writer's side of a database: its own connection. Nobody else writes events.
#[async_trait]
pub(crate) trait Log: Send + 'static {
    /// How commits are encoded for it.
    type Rows: Rows;

    /// Its work blocks: the writer gets a thread of its own.
    const BLOCKS: bool = false;

    /// Makes the group one transaction. After an error nothing of it is there, or it is found to be there later and
    /// becomes known to `recent` before any of its commits is tried again.
    async fn write(&mut self, group: &[Waiting<Self::Rows>], recent: &mut Recent) -> Result<Written, Failed>;

    /// Does something beside the log, in a transaction of its own. Only asked where no other connection can write.
    async fn beside(&mut self, job: Job) -> Result<(), StoreError> {
        drop(job);
        Err(StoreError::Refused("this database has other connections to write with".to_owned()))
    }

    async fn close(self);
}

/// What a group became.
#[derive(Debug)]
pub(crate) struct Written {
    /// Of each commit, in order.
    pub(crate) fates: Vec<Fate>,
    /// Bytes of the events written.
    pub(crate) bytes: usize,
    /// Something was written, and flushed.
    pub(crate) flushed: bool,
}

/// What becomes of one commit of a group.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fate {
    Applied {
        first: Position,
    },
    /// Applied before this group.
    Duplicate(Answer),
    /// The same commit as an earlier one of this group.
    Same(usize),
    Conflict {
        found: u64,
    },
    /// Its submission's key is another execution's.
    Taken {
        by: ExecutionId,
    },
    /// Nothing yet: it belongs at the head of the next group.
    Again,
}

/// Why a group was not written.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) error: StoreError,
    /// Some row was refused: others of the group may do.
    pub(crate) constraint: bool,
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self { constraint: matches!(error, StoreError::Refused(_)), error }
    }
}

/// Commits that are in the log already, by id.
pub(crate) type Known = Vec<(CommitId, Answer)>;

/// Something to do beside the log, on a connection with an open transaction. Done again when the transaction met
/// another one.
pub(crate) type Job =
    Box<dyn for<'a, 'c> Fn(&'a mut Connection<'c>) -> BoxFuture<'a, Result<(), StoreError>> + Send + Sync>;
