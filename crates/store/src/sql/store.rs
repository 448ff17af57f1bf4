//! The handle: sends to the writer, reads by itself.

use super::{
    backend::{Job, Known, Log},
    database::{Database, Transactions, repeatedly},
    encode::{Entry, Rows},
    read::{events, executions, playbooks, rate, tasks},
    readers::{Readers, Snapshot},
    recent::Answer,
    request::{Answered, QUEUE, Request, Undone},
    writer::{Shared, Writer},
};
use crate::{
    ActiveExecution, Commit, Committed, CommittedBatch, ExecutionFilter, LogPage, NewPlaybook, Pause, PlaybookRow,
    Store, StoreError, StoredTask,
    feed::Feed,
    postgres::{self, Listening},
};
use async_trait::async_trait;
use futures::executor::block_on;
use protocol::{
    Envelope, Epoch, ExecutionId, Position, Timestamp, Topic,
    api::{ExecutionDetail, ExecutionPage, ExecutionSummary, PlaybookVersion, StatusCounts},
};
use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{
            AtomicU64,
            Ordering::{Acquire, Relaxed},
        },
    },
    thread,
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

/// A store in a SQL database, with commits encoded as `R`. Needs a tokio runtime for as long as it lives.
#[derive(Debug)]
pub struct SqlStore<R: Rows> {
    epoch: Epoch,
    requests: mpsc::Sender<Request<R>>,
    readers: Readers,
    feed: Arc<Feed>,
    flushes: Arc<AtomicU64>,
    besides: Arc<AtomicU64>,
    /// The newest position other processes told of.
    foreign: Option<watch::Receiver<Position>>,
    listening: Mutex<Option<JoinHandle<()>>>,
    closing: watch::Sender<bool>,
    /// Its sender lives as long as the writer: changed is over.
    written: watch::Receiver<()>,
}

/// Where several processes write to one log: what the others wrote.
pub(crate) struct Others {
    pub(crate) head: watch::Receiver<Position>,
    pub(crate) listening: Listening,
}

/// A read, done again where the database is only away for a moment.
macro_rules! patiently {
    ($store:ident, $once:block) => {{
        let mut patience = None;
        loop {
            match async { $once }.await {
                Err(error) if $store.readers.again(&mut patience, &error).await => {}
                outcome => break outcome,
            }
        }
    }};
}

/// A read of one statement.
macro_rules! reading {
    ($store:ident, $connection:ident => $read:expr) => {
        patiently!($store, {
            let mut reading = $store.readers.reading().await?;
            let $connection = &mut reading.on();
            $read.await
        })
    };
}

/// Of several statements, in one snapshot.
macro_rules! snapshot {
    ($store:ident, $connection:ident => $read:expr) => {
        patiently!($store, {
            let mut snapshot = $store.readers.snapshot().await?;
            let $connection = &mut snapshot.on();
            let outcome = $read.await;
            snapshot.end().await;
            outcome
        })
    };
}

impl<R: Rows> SqlStore<R> {
    /// Starts the writer on `log`.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the system has no thread for a writer that needs one.
    pub(crate) fn start<L: Log<Rows = R>>(
        epoch: Epoch,
        log: L,
        known: Known,
        readers: Readers,
        others: Option<Others>,
    ) -> Result<Arc<Self>, StoreError> {
        let (requests, queue) = mpsc::channel(QUEUE);
        let (closing, closes) = watch::channel(false);
        let (foreign, listening) = match others {
            Some(Others { head, listening }) => (Some(head), Some(tokio::spawn(listening.run(closes.clone())))),
            None => (None, None),
        };
        let (over, written) = watch::channel(());
        let (feed, flushes, besides) = (Arc::new(Feed::default()), Arc::default(), Arc::default());
        let shared = Shared {
            requests: queue,
            closing: closes,
            feed: Arc::clone(&feed),
            flushes: Arc::clone(&flushes),
            besides: Arc::clone(&besides),
        };
        let writer = Writer::new(log, known, shared);
        let run = async move {
            writer.run().await;
            drop(over);
        };
        if L::BLOCKS {
            on_own_thread(run).map_err(|error| StoreError::Backend {
                message: format!("starting the writer's thread: {error}"),
                temporary: true,
            })?;
        } else {
            tokio::spawn(run);
        }
        let listening = Mutex::new(listening);
        Ok(Arc::new(Self { epoch, requests, readers, feed, flushes, besides, foreign, listening, closing, written }))
    }

    async fn ask<T, E>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, E>>) -> Request<R>,
    ) -> Result<Result<T, E>, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(request(answer)).await.map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)
    }

    /// As [`Self::answer`], however long the database is away.
    async fn answer_at_last(&self, answered: Answered, pause: &mut Pause<'_>) -> Result<Committed, StoreError> {
        loop {
            match self.answer(answered.clone()).await {
                Err(error @ StoreError::Backend { .. }) => pause(&error).await,
                done => return done,
            }
        }
    }

    async fn answer(&self, answered: Answered) -> Result<Committed, StoreError> {
        match answered {
            Answered::Applied { first, events } => Ok(Committed { first, events }),
            Answered::Before(Answer { first, has_events: false }) => Ok(Committed { first, events: Arc::default() }),
            // Rare and large: in a place of its own, so that the future of every commit stays small.
            Answered::Before(Answer { first, has_events: true }) => Box::pin(self.read_back(first)).await,
        }
    }

    async fn read_back(&self, first: Position) -> Result<Committed, StoreError> {
        let events = reading!(self, connection => events::of_commit(connection, first))?;
        Ok(Committed { first, events: events.into_iter().map(Arc::new).collect() })
    }
}

/// Runs a writer until it ends, which its requests do by ending.
fn on_own_thread(writer: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name("store-writer".to_owned()).spawn(move || block_on(writer)).map(drop)
}

#[async_trait]
impl<R: Rows> Transactions for SqlStore<R> {
    async fn read(&self, job: Job) -> Result<(), StoreError> {
        snapshot!(self, connection => job(connection))
    }

    async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        self.readers.snapshot().await
    }

    async fn write(&self, job: Job) -> Result<(), StoreError> {
        match &self.readers {
            Readers::Sqlite(..) => self.ask(|answer| Request::Beside(job, answer)).await?,
            Readers::Postgres(pool) => postgres::beside(pool, job).await,
        }
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
        reading!(self, connection => events::head(connection))
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        let entry = Box::new(Entry::of(commit)?);
        match self.ask(|answer| Request::Commit(entry, answer)).await? {
            Ok(answered) => self.answer(answered).await,
            Err(Undone { error, .. }) => Err(error),
        }
    }

    async fn commit_at_last(&self, commit: Commit, pause: &mut Pause<'_>) -> Result<Committed, StoreError> {
        let mut entry = Box::new(Entry::of(commit)?);
        loop {
            match self.ask(|answer| Request::Commit(entry, answer)).await? {
                Ok(answered) => return self.answer_at_last(answered, pause).await,
                Err(Undone { error: error @ StoreError::Backend { .. }, entry: Some(again) }) => {
                    pause(&error).await;
                    entry = again;
                }
                Err(Undone { error, .. }) => return Err(error),
            }
        }
    }

    fn committed(&self) -> Option<mpsc::Receiver<CommittedBatch>> {
        self.feed.take()
    }

    fn foreign(&self) -> Option<watch::Receiver<Position>> {
        self.foreign.clone()
    }

    fn written_beside(&self) -> Option<u64> {
        self.foreign.is_none().then(|| self.besides.load(Acquire))
    }

    fn flushes(&self) -> u64 {
        self.flushes.load(Relaxed)
    }

    async fn log(&self, topic: &Topic, after: Position, limit: u32) -> Result<LogPage, StoreError> {
        snapshot!(self, connection => events::log(connection, topic, after, limit))
    }

    async fn execution_events(
        &self,
        id: ExecutionId,
        after: Position,
        limit: u32,
    ) -> Result<Vec<Envelope>, StoreError> {
        reading!(self, connection => events::of_execution(connection, id, after, limit))
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
        reading!(self, connection => playbooks::find(connection, path, version))
    }

    async fn newest_version(&self, path: &str) -> Result<Option<u32>, StoreError> {
        reading!(self, connection => playbooks::newest_version(connection, path))
    }

    async fn playbooks(&self) -> Result<Vec<(PlaybookRow, u64)>, StoreError> {
        reading!(self, connection => playbooks::newest(connection))
    }

    async fn playbook_versions(&self, path: &str) -> Result<Vec<PlaybookVersion>, StoreError> {
        reading!(self, connection => playbooks::versions(connection, path))
    }

    async fn execution(&self, id: ExecutionId) -> Result<Option<ExecutionDetail>, StoreError> {
        reading!(self, connection => executions::find(connection, id))
    }

    async fn executions(&self, filter: ExecutionFilter) -> Result<ExecutionPage, StoreError> {
        snapshot!(self, connection => executions::page(connection, &filter))
    }

    async fn latest_executions(&self, paths: &[String]) -> Result<Vec<ExecutionSummary>, StoreError> {
        reading!(self, connection => executions::latest(connection, paths))
    }

    async fn counts(&self) -> Result<(StatusCounts, Position), StoreError> {
        reading!(self, connection => executions::counts(connection))
    }

    async fn event_rate(&self, until: Timestamp, seconds: u32) -> Result<Vec<u32>, StoreError> {
        reading!(self, connection => rate::rate(connection, until, seconds))
    }

    async fn active_executions(
        &self,
        after: Option<ExecutionId>,
        limit: u32,
    ) -> Result<Vec<ActiveExecution>, StoreError> {
        reading!(self, connection => executions::active(connection, after, limit))
    }

    async fn open_tasks(&self, execution: Option<ExecutionId>) -> Result<Vec<StoredTask>, StoreError> {
        reading!(self, connection => tasks::open(connection, execution))
    }

    async fn close(&self) {
        self.closing.send_replace(true);
        // Ends with an error when the writer's side is gone: that is what is waited for.
        let _ = self.written.clone().changed().await;
        let listening = self.listening.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(listening) = listening
            && let Err(error) = listening.await
        {
            tracing::error!(%error, "listening to other servers ended badly");
        }
        self.readers.close().await;
    }
}
