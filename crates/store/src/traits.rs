//! What every backend promises.

use crate::{
    ActiveExecution, Commit, Committed, CommittedBatch, ExecutionFilter, LogPage, NewPlaybook, PlaybookRow, StoreError,
    StoredTask, sql::database::Database,
};
use async_trait::async_trait;
use futures::future::BoxFuture;
use protocol::{
    Envelope, Epoch, ExecutionId, Position, Timestamp, Topic,
    api::{ExecutionDetail, ExecutionPage, ExecutionSummary, PlaybookVersion, StatusCounts},
};
use tokio::sync::{mpsc, watch};

/// The log and its projections. What stands beside the log (servers, permits, schedules, credentials …) has its
/// statements in common and is said of every store at once: see the `impl dyn Store` of the modules named so.
///
/// Promises, each with a case in `conformance/`:
/// - A commit is applied whole or not at all; when `commit` returns `Ok`, it survives `kill -9` and power loss.
/// - Positions are gap-free from 1 within an epoch; an event is visible only when all before it are.
/// - A commit whose `expected_version` is not the execution's fails alone with `Conflict`; others in the same
///   group go through.
/// - The same `commit.id` twice applies once; the second call answers like the first. Recognised among the
///   last 32,768 commits at least, and in the log's last 4,096 events after a restart; for commits with
///   execution events and the same `expected_version`, always.
/// - Concurrent commits share one transaction and one flush.
/// - Dropping the future of a call never leaves anything half applied.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The identity of this log.
    fn epoch(&self) -> &Epoch;

    /// Position of the newest durable event.
    async fn head(&self) -> Result<Position, StoreError>;

    /// Applies one decision. Resolves when it is durable.
    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError>;

    /// As [`Store::commit`], however long the database cannot take it: after each [`StoreError::Backend`] what `pause`
    /// returns is awaited and the same commit is tried again. Never fails with that one.
    async fn commit_at_last(&self, commit: Commit, pause: &mut Pause<'_>) -> Result<Committed, StoreError>;

    /// Every batch this process commits from now on, in position order. Handed out once (`None` afterwards).
    /// When the reader falls behind a bounded number of batches, batches are left out: the positions tell, and
    /// the reader fetches what is missing with `log`. Ends when the store is closed.
    fn committed(&self) -> Option<mpsc::Receiver<CommittedBatch>>;

    /// Where several processes write to one log: the newest position others told of, each time it moves. Told a
    /// little after it is visible, now and then late, and each once at most: read the log up to there. `None` where
    /// this process is alone.
    fn foreign(&self) -> Option<watch::Receiver<Position>> {
        None
    }

    /// How often something was written apart from commits (playbooks, schedules, tokens), counted before whoever wrote
    /// it is answered. While it stays the same, what was read of those is still true. Rows that commits bring along are
    /// not counted. `None` where other processes write, too.
    fn written_beside(&self) -> Option<u64>;

    /// Flushes (fsync) made by commits since the store was opened; for figures.
    fn flushes(&self) -> u64;

    /// History of a topic after a position, oldest first, at most `limit` events. A projected topic's events
    /// are projections. `through` is the position up to which the page is complete, at least as far as the
    /// last event, and the head at its reading when nothing more follows. A page may hold fewer events than
    /// `limit`, even none, and not be the last one (its bytes are bounded, and so is the search for a rare
    /// topic): go on from `through` until `at_head`.
    async fn log(&self, topic: &Topic, after: Position, limit: u32) -> Result<LogPage, StoreError>;

    /// One execution's events, oldest first. A page may hold fewer than `limit`, since its bytes are bounded, and none
    /// only at the end: go on from its last.
    async fn execution_events(&self, id: ExecutionId, after: Position, limit: u32)
    -> Result<Vec<Envelope>, StoreError>;

    /// Registers a version. Equal content to the newest version returns that one with `created = false`.
    /// Versions of a path count up from 1 without gaps.
    async fn register_playbook(&self, playbook: NewPlaybook) -> Result<(PlaybookRow, bool), StoreError>;

    /// A version of a playbook; the newest without `version`.
    async fn playbook(&self, path: &str, version: Option<u32>) -> Result<Option<PlaybookRow>, StoreError>;

    /// The number of the newest version of a playbook.
    async fn newest_version(&self, path: &str) -> Result<Option<u32>, StoreError> {
        Ok(self.playbook(path, None).await?.map(|row| row.version))
    }

    /// The newest version of every playbook, by path, with the count of its executions.
    async fn playbooks(&self) -> Result<Vec<(PlaybookRow, u64)>, StoreError>;

    /// All versions, newest first.
    async fn playbook_versions(&self, path: &str) -> Result<Vec<PlaybookVersion>, StoreError>;

    async fn execution(&self, id: ExecutionId) -> Result<Option<ExecutionDetail>, StoreError>;

    /// A page, newest first; page, cursor and `position` are of one snapshot.
    async fn executions(&self, filter: ExecutionFilter) -> Result<ExecutionPage, StoreError>;

    /// The newest execution of each path given; for catalog rows.
    async fn latest_executions(&self, paths: &[String]) -> Result<Vec<ExecutionSummary>, StoreError>;

    /// Counts by state, with the position they are true at, in one snapshot.
    async fn counts(&self) -> Result<(StatusCounts, Position), StoreError>;

    /// Events committed per second over the `seconds` before `until`, oldest first.
    async fn event_rate(&self, until: Timestamp, seconds: u32) -> Result<Vec<u32>, StoreError>;

    /// Executions that have not ended, after the given id, in id order; for recovery.
    async fn active_executions(
        &self,
        after: Option<ExecutionId>,
        limit: u32,
    ) -> Result<Vec<ActiveExecution>, StoreError>;

    /// Tasks not settled yet, oldest first; for recovery. `execution` narrows to one.
    async fn open_tasks(&self, execution: Option<ExecutionId>) -> Result<Vec<StoredTask>, StoreError>;

    /// Flushes what is queued and closes. Later calls fail with `Closed`.
    async fn close(&self);

    /// What the statements every backend has in common run on.
    fn database(&self) -> Database<'_>;
}

/// What [`Store::commit_at_last`] awaits between two tries, from why the one before failed.
pub type Pause<'p> = dyn FnMut(&StoreError) -> BoxFuture<'static, ()> + Send + 'p;
