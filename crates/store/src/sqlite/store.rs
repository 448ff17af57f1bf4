//! The handle: sends to the writer, reads by itself.

use super::{
    connect::Place,
    encode::Entry,
    failure::store_error,
    read::{events, executions, playbooks, rate, tasks},
    readers::Readers,
    recent::Answer,
    request::{Answered, QUEUE, Request},
    schema,
    writer::{Shared, Writer, connect},
};
use crate::{
    ActiveExecution, Commit, Committed, CommittedBatch, ExecutionFilter, LogPage, NewPlaybook, PlaybookRow, Store,
    StoreError, StoredTask, feed::Feed,
};
use async_trait::async_trait;
use protocol::{
    Envelope, Epoch, ExecutionId, Position, Timestamp, Topic,
    api::{ExecutionDetail, ExecutionPage, ExecutionSummary, PlaybookVersion, StatusCounts},
};
use sqlx::sqlite::SqliteConnectOptions;
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use tokio::sync::{RwLock, mpsc, oneshot, watch};

/// A store in one SQLite file, or in memory. Needs a tokio runtime for as long as it lives.
#[derive(Debug)]
pub struct SqliteStore {
    epoch: Epoch,
    requests: mpsc::Sender<Request>,
    readers: Readers,
    feed: Arc<Feed>,
    flushes: Arc<AtomicU64>,
    closing: watch::Sender<bool>,
    /// Its sender lives in the writer's task: changed is over.
    written: watch::Receiver<()>,
}

impl SqliteStore {
    /// Opens a database file and brings it to this version's schema; creates it if it is missing, but not its
    /// folder. Nothing but this process may write it meanwhile: see [`crate::DataDir`].
    ///
    /// # Errors
    /// [`StoreError::Backend`] when it cannot be opened or migrated, [`StoreError::Corrupt`] when it is no database.
    pub async fn open(path: &Path) -> Result<Arc<Self>, StoreError> {
        let place = Place::file(path);
        Self::start(&place, place.writer()).await
    }

    /// A new store that is gone when it is closed or dropped.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when there is no memory.
    pub async fn in_memory() -> Result<Arc<Self>, StoreError> {
        let place = Place::memory();
        Self::start(&place, place.writer()).await
    }

    /// As `open`, on a disk that is full at so many pages of 8 KiB; for tests of just that.
    #[doc(hidden)]
    pub async fn open_with_max_pages(path: &Path, pages: u32) -> Result<Arc<Self>, StoreError> {
        let place = Place::file(path);
        Self::start(&place, place.writer().pragma("max_page_count", pages.to_string())).await
    }

    async fn start(place: &Place, options: SqliteConnectOptions) -> Result<Arc<Self>, StoreError> {
        let mut connection = connect(place, &options).await?;
        schema::migrate(&mut connection).await?;
        let epoch = schema::epoch(&mut connection).await.map_err(store_error)?;
        let gate = match place {
            Place::File(_) => None,
            Place::Memory(_) => Some(Arc::new(RwLock::new(()))),
        };
        let (requests, queue) = mpsc::channel(QUEUE);
        let (closing, closes) = watch::channel(false);
        let (over, written) = watch::channel(());
        let (feed, flushes) = (Arc::new(Feed::default()), Arc::new(AtomicU64::new(0)));
        let shared = Shared {
            requests: queue,
            closing: closes,
            feed: feed.clone(),
            flushes: flushes.clone(),
            gate: gate.clone(),
        };
        let mut writer = Writer::new(options, connection, shared);
        writer.remember().await?;
        tokio::spawn(async move {
            writer.run().await;
            drop(over);
        });
        let readers = Readers::new(place, gate);
        Ok(Arc::new(Self { epoch, requests, readers, feed, flushes, closing, written }))
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Request,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(request(answer)).await.map_err(|_| StoreError::Closed)?;
        answered.await.unwrap_or(Err(StoreError::Closed))
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    async fn head(&self) -> Result<Position, StoreError> {
        events::head(self.readers.reading().await?.on()).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        let entry = Box::new(Entry::of(commit)?);
        match self.ask(|answer| Request::Commit(entry, answer)).await? {
            Answered::Applied { first, events } => Ok(Committed { first, events }),
            Answered::Before(Answer { first, has_events: false }) => Ok(Committed { first, events: Arc::default() }),
            Answered::Before(Answer { first, has_events: true }) => {
                let events = events::of_commit(self.readers.reading().await?.on(), first).await?;
                Ok(Committed { first, events: events.into() })
            }
        }
    }

    fn committed(&self) -> Option<mpsc::Receiver<CommittedBatch>> {
        self.feed.take()
    }

    fn flushes(&self) -> u64 {
        self.flushes.load(Relaxed)
    }

    async fn log(&self, topic: &Topic, after: Position, limit: u32) -> Result<LogPage, StoreError> {
        let mut snapshot = self.readers.snapshot().await?;
        let page = events::log(snapshot.on(), topic, after, limit).await;
        snapshot.end().await;
        page
    }

    async fn execution_events(
        &self,
        id: ExecutionId,
        after: Position,
        limit: u32,
    ) -> Result<Vec<Envelope>, StoreError> {
        events::of_execution(self.readers.reading().await?.on(), id, after, limit).await
    }

    async fn register_playbook(&self, playbook: NewPlaybook) -> Result<(PlaybookRow, bool), StoreError> {
        self.ask(|answer| Request::Register(playbook, answer)).await
    }

    async fn playbook(&self, path: &str, version: Option<u32>) -> Result<Option<PlaybookRow>, StoreError> {
        playbooks::find(self.readers.reading().await?.on(), path, version).await
    }

    async fn playbooks(&self) -> Result<Vec<(PlaybookRow, u64)>, StoreError> {
        playbooks::newest(self.readers.reading().await?.on()).await
    }

    async fn playbook_versions(&self, path: &str) -> Result<Vec<PlaybookVersion>, StoreError> {
        playbooks::versions(self.readers.reading().await?.on(), path).await
    }

    async fn execution(&self, id: ExecutionId) -> Result<Option<ExecutionDetail>, StoreError> {
        executions::find(self.readers.reading().await?.on(), id).await
    }

    async fn executions(&self, filter: ExecutionFilter) -> Result<ExecutionPage, StoreError> {
        let mut snapshot = self.readers.snapshot().await?;
        let page = executions::page(snapshot.on(), &filter).await;
        snapshot.end().await;
        page
    }

    async fn latest_executions(&self, paths: &[String]) -> Result<Vec<ExecutionSummary>, StoreError> {
        executions::latest(self.readers.reading().await?.on(), paths).await
    }

    async fn counts(&self) -> Result<(StatusCounts, Position), StoreError> {
        executions::counts(self.readers.reading().await?.on()).await
    }

    async fn event_rate(&self, until: Timestamp, seconds: u32) -> Result<Vec<u32>, StoreError> {
        rate::rate(self.readers.reading().await?.on(), until, seconds).await
    }

    async fn active_executions(
        &self,
        after: Option<ExecutionId>,
        limit: u32,
    ) -> Result<Vec<ActiveExecution>, StoreError> {
        executions::active(self.readers.reading().await?.on(), after, limit).await
    }

    async fn open_tasks(&self, execution: Option<ExecutionId>) -> Result<Vec<StoredTask>, StoreError> {
        tasks::open(self.readers.reading().await?.on(), execution).await
    }

    async fn close(&self) {
        self.closing.send_replace(true);
        // Ends with an error when the writer's side is gone: that is what is waited for.
        let _ = self.written.clone().changed().await;
        self.readers.close().await;
    }
}
