//! The handle: sends to the writer, reads by itself.

use super::{
    backend::{Job, Known, Log},
    database::{Database, Transactions, repeatedly},
    encode::{Entry, Rows},
    read::{events, executions, playbooks, rate, tasks},
    readers::Readers,
    recent::Answer,
    request::{Answered, QUEUE, Request},
    writer::{Shared, Writer},
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
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};
use tokio::sync::{mpsc, oneshot, watch};

/// A store in a SQL database, with commits encoded as `R`. Needs a tokio runtime for as long as it lives.
#[derive(Debug)]
pub struct SqlStore<R: Rows> {
    epoch: Epoch,
    requests: mpsc::Sender<Request<R>>,
    readers: Readers,
    feed: Arc<Feed>,
    flushes: Arc<AtomicU64>,
    closing: watch::Sender<bool>,
    /// Its sender lives in the writer's task: changed is over.
    written: watch::Receiver<()>,
}

impl<R: Rows> SqlStore<R> {
    /// Starts the writer on `log`.
    pub(crate) fn start<L: Log<Rows = R>>(epoch: Epoch, log: L, known: Known, readers: Readers) -> Arc<Self> {
        let (requests, queue) = mpsc::channel(QUEUE);
        let (closing, closes) = watch::channel(false);
        let (over, written) = watch::channel(());
        let (feed, flushes) = (Arc::new(Feed::default()), Arc::new(AtomicU64::new(0)));
        let shared = Shared { requests: queue, closing: closes, feed: feed.clone(), flushes: flushes.clone() };
        let writer = Writer::new(log, known, shared);
        tokio::spawn(async move {
            writer.run().await;
            drop(over);
        });
        Arc::new(Self { epoch, requests, readers, feed, flushes, closing, written })
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Request<R>,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(request(answer)).await.map_err(|_| StoreError::Closed)?;
        answered.await.unwrap_or(Err(StoreError::Closed))
    }
}

#[async_trait]
impl<R: Rows> Transactions for SqlStore<R> {
    async fn read(&self, job: Job) -> Result<(), StoreError> {
        let mut snapshot = self.readers.snapshot().await?;
        let done = job(&mut snapshot.on()).await;
        snapshot.end().await;
        done
    }

    async fn write(&self, job: Job) -> Result<(), StoreError> {
        self.ask(|answer| Request::Beside(job, answer)).await
    }
}

#[async_trait]
impl<R: Rows> Store for SqlStore<R> {
    fn database(&self) -> Database<'_> {
        Database::of(self)
    }

    fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    async fn head(&self) -> Result<Position, StoreError> {
        events::head(&mut self.readers.reading().await?.on()).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        let entry = Box::new(Entry::of(commit)?);
        match self.ask(|answer| Request::Commit(entry, answer)).await? {
            Answered::Applied { first, events } => Ok(Committed { first, events }),
            Answered::Before(Answer { first, has_events: false }) => Ok(Committed { first, events: Arc::default() }),
            Answered::Before(Answer { first, has_events: true }) => {
                let events = events::of_commit(&mut self.readers.reading().await?.on(), first).await?;
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
        let page = events::log(&mut snapshot.on(), topic, after, limit).await;
        snapshot.end().await;
        page
    }

    async fn execution_events(
        &self,
        id: ExecutionId,
        after: Position,
        limit: u32,
    ) -> Result<Vec<Envelope>, StoreError> {
        events::of_execution(&mut self.readers.reading().await?.on(), id, after, limit).await
    }

    async fn register_playbook(&self, playbook: NewPlaybook) -> Result<(PlaybookRow, bool), StoreError> {
        let playbook = Arc::new(playbook);
        let register = repeatedly(move |connection| {
            let playbook = playbook.clone();
            Box::pin(async move { playbooks::register(connection, &playbook).await })
        });
        self.database().write(register).await
    }

    async fn playbook(&self, path: &str, version: Option<u32>) -> Result<Option<PlaybookRow>, StoreError> {
        playbooks::find(&mut self.readers.reading().await?.on(), path, version).await
    }

    async fn playbooks(&self) -> Result<Vec<(PlaybookRow, u64)>, StoreError> {
        playbooks::newest(&mut self.readers.reading().await?.on()).await
    }

    async fn playbook_versions(&self, path: &str) -> Result<Vec<PlaybookVersion>, StoreError> {
        playbooks::versions(&mut self.readers.reading().await?.on(), path).await
    }

    async fn execution(&self, id: ExecutionId) -> Result<Option<ExecutionDetail>, StoreError> {
        executions::find(&mut self.readers.reading().await?.on(), id).await
    }

    async fn executions(&self, filter: ExecutionFilter) -> Result<ExecutionPage, StoreError> {
        let mut snapshot = self.readers.snapshot().await?;
        let page = executions::page(&mut snapshot.on(), &filter).await;
        snapshot.end().await;
        page
    }

    async fn latest_executions(&self, paths: &[String]) -> Result<Vec<ExecutionSummary>, StoreError> {
        executions::latest(&mut self.readers.reading().await?.on(), paths).await
    }

    async fn counts(&self) -> Result<(StatusCounts, Position), StoreError> {
        executions::counts(&mut self.readers.reading().await?.on()).await
    }

    async fn event_rate(&self, until: Timestamp, seconds: u32) -> Result<Vec<u32>, StoreError> {
        rate::rate(&mut self.readers.reading().await?.on(), until, seconds).await
    }

    async fn active_executions(
        &self,
        after: Option<ExecutionId>,
        limit: u32,
    ) -> Result<Vec<ActiveExecution>, StoreError> {
        executions::active(&mut self.readers.reading().await?.on(), after, limit).await
    }

    async fn open_tasks(&self, execution: Option<ExecutionId>) -> Result<Vec<StoredTask>, StoreError> {
        tasks::open(&mut self.readers.reading().await?.on(), execution).await
    }

    async fn close(&self) {
        self.closing.send_replace(true);
        // Ends with an error when the writer's side is gone: that is what is waited for.
        let _ = self.written.clone().changed().await;
        self.readers.close().await;
    }
}
