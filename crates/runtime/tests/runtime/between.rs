//! A store in whose calls a test takes part.

use async_trait::async_trait;
use protocol::{
    Envelope, Epoch, ExecutionId, Position, Timestamp, Topic,
    api::{ExecutionDetail, ExecutionPage, ExecutionSummary, PlaybookVersion, StatusCounts},
};
use std::sync::Arc;
use store::{
    ActiveExecution, Commit, Committed, CommittedBatch, Database, ExecutionFilter, LogPage, NewPlaybook, Pause,
    PlaybookRow, Store, StoreError, StoredTask,
};
use tokio::sync::{mpsc, watch};

/// What a test does between a caller and the store.
#[async_trait]
pub(crate) trait Between: Send + Sync + 'static {
    /// Before a commit; an error is the answer in its place.
    async fn commit(&self, _commit: &Commit) -> Result<(), StoreError> {
        Ok(())
    }

    /// After a commit that was applied; an error is what the caller hears.
    async fn committed(&self, _committed: &Committed) -> Result<(), StoreError> {
        Ok(())
    }

    /// Before a playbook is read.
    async fn playbook(&self, _path: &str) {}

    /// Events of an execution were read.
    fn read(&self, _id: ExecutionId, _events: usize) {}
}

/// As the inner store does it, but for what the test does in between.
pub(crate) struct Through<B> {
    inner: Arc<dyn Store>,
    pub(crate) between: B,
}

impl<B: Between> Through<B> {
    pub(crate) fn to(inner: Arc<dyn Store>, between: B) -> Arc<Self> {
        Arc::new(Self { inner, between })
    }
}

#[async_trait]
impl<B: Between> Store for Through<B> {
    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        self.between.commit(&commit).await?;
        let committed = self.inner.commit(commit).await?;
        self.between.committed(&committed).await?;
        Ok(committed)
    }

    async fn commit_at_last(&self, commit: Commit, pause: &mut Pause<'_>) -> Result<Committed, StoreError> {
        loop {
            match self.commit(commit.clone()).await {
                Err(error @ StoreError::Backend { .. }) => pause(&error).await,
                done => return done,
            }
        }
    }

    fn epoch(&self) -> &Epoch {
        self.inner.epoch()
    }

    async fn head(&self) -> Result<Position, StoreError> {
        self.inner.head().await
    }

    fn committed(&self) -> Option<mpsc::Receiver<CommittedBatch>> {
        self.inner.committed()
    }

    fn foreign(&self) -> Option<watch::Receiver<Position>> {
        self.inner.foreign()
    }

    fn written_beside(&self) -> Option<u64> {
        self.inner.written_beside()
    }

    fn flushes(&self) -> u64 {
        self.inner.flushes()
    }

    async fn log(&self, topic: &Topic, after: Position, limit: u32) -> Result<LogPage, StoreError> {
        self.inner.log(topic, after, limit).await
    }

    async fn execution_events(
        &self,
        id: ExecutionId,
        after: Position,
        limit: u32,
    ) -> Result<Vec<Envelope>, StoreError> {
        let events = self.inner.execution_events(id, after, limit).await?;
        self.between.read(id, events.len());
        Ok(events)
    }

    async fn register_playbook(&self, playbook: NewPlaybook) -> Result<(PlaybookRow, bool), StoreError> {
        self.inner.register_playbook(playbook).await
    }

    async fn playbook(&self, path: &str, version: Option<u32>) -> Result<Option<PlaybookRow>, StoreError> {
        self.between.playbook(path).await;
        self.inner.playbook(path, version).await
    }

    async fn playbooks(&self) -> Result<Vec<(PlaybookRow, u64)>, StoreError> {
        self.inner.playbooks().await
    }

    async fn playbook_versions(&self, path: &str) -> Result<Vec<PlaybookVersion>, StoreError> {
        self.inner.playbook_versions(path).await
    }

    async fn execution(&self, id: ExecutionId) -> Result<Option<ExecutionDetail>, StoreError> {
        self.inner.execution(id).await
    }

    async fn executions(&self, filter: ExecutionFilter) -> Result<ExecutionPage, StoreError> {
        self.inner.executions(filter).await
    }

    async fn latest_executions(&self, paths: &[String]) -> Result<Vec<ExecutionSummary>, StoreError> {
        self.inner.latest_executions(paths).await
    }

    async fn counts(&self) -> Result<(StatusCounts, Position), StoreError> {
        self.inner.counts().await
    }

    async fn event_rate(&self, until: Timestamp, seconds: u32) -> Result<Vec<u32>, StoreError> {
        self.inner.event_rate(until, seconds).await
    }

    async fn active_executions(
        &self,
        after: Option<ExecutionId>,
        limit: u32,
    ) -> Result<Vec<ActiveExecution>, StoreError> {
        self.inner.active_executions(after, limit).await
    }

    async fn open_tasks(&self, execution: Option<ExecutionId>) -> Result<Vec<StoredTask>, StoreError> {
        self.inner.open_tasks(execution).await
    }

    async fn close(&self) {
        self.inner.close().await;
    }

    fn database(&self) -> Database<'_> {
        self.inner.database()
    }
}
