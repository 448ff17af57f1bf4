//! A store that looks at what it commits: when a step was ready, when it was done, when an execution ended, all
//! at the moment it is durable. Costs a hash lookup per event; asks nothing of the store.

use async_trait::async_trait;
use protocol::{
    Envelope, Epoch, Event, ExecutionId, Position, Timestamp, Topic,
    api::{ExecutionDetail, ExecutionPage, ExecutionSummary, PlaybookVersion, StatusCounts},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use store::{
    ActiveExecution, Commit, Committed, CommittedBatch, ExecutionFilter, LogPage, NewPlaybook, Pause, PlaybookRow,
    Store, StoreError, StoredTask,
};
use tokio::sync::{mpsc, watch};

/// From when a step's time counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ready {
    /// From the end of the step before it.
    AfterTheOneBefore,
    /// From the start of the execution.
    FromTheStart,
}

pub(crate) struct Watched {
    inner: Arc<dyn Store>,
    counts: Ready,
    seen: Mutex<Seen>,
    ended: watch::Sender<u64>,
}

#[derive(Default)]
struct Seen {
    /// Of each running execution: its start, and when the step under way was ready.
    ready: HashMap<ExecutionId, (Instant, Instant)>,
    steps: Vec<Duration>,
    executions: Vec<Duration>,
    failed: u64,
}

/// What was seen since the last time it was asked.
pub(crate) struct Times {
    /// One for each step, sorted.
    pub(crate) steps: Vec<Duration>,
    /// One for each execution, sorted.
    pub(crate) executions: Vec<Duration>,
    pub(crate) failed: u64,
}

impl Watched {
    pub(crate) fn new(inner: Arc<dyn Store>, counts: Ready) -> Arc<Self> {
        Arc::new(Self { inner, counts, seen: Mutex::default(), ended: watch::Sender::new(0) })
    }

    /// Counts executions that ended, durably.
    pub(crate) fn ended(&self) -> watch::Receiver<u64> {
        self.ended.subscribe()
    }

    /// Of an execution whose submission was answered.
    pub(crate) fn has_ended(&self, id: ExecutionId) -> bool {
        !self.lock().ready.contains_key(&id)
    }

    pub(crate) fn take(&self) -> Times {
        let mut seen = self.lock();
        let mut times = Times {
            steps: std::mem::take(&mut seen.steps),
            executions: std::mem::take(&mut seen.executions),
            failed: std::mem::take(&mut seen.failed),
        };
        times.steps.sort_unstable();
        times.executions.sort_unstable();
        times
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look_at(&self, events: &[Arc<Envelope>]) {
        let now = Instant::now();
        let mut ended = 0;
        let mut seen = self.lock();
        for event in events {
            match &event.event {
                Event::ExecutionStart(e) => {
                    seen.ready.insert(e.execution_id, (now, now));
                }
                Event::StepCompleted(e) => {
                    if let Some((_, before)) = seen.ready.get_mut(&e.execution_id) {
                        let took = now.duration_since(*before);
                        if self.counts == Ready::AfterTheOneBefore {
                            *before = now;
                        }
                        seen.steps.push(took);
                    }
                }
                Event::ExecutionComplete(e) => {
                    if let Some((start, _)) = seen.ready.remove(&e.execution_id) {
                        seen.executions.push(now.duration_since(start));
                    }
                    seen.failed += u64::from(e.outcome != protocol::Outcome::Completed);
                    ended += 1;
                }
                _ => {}
            }
        }
        drop(seen);
        if ended > 0 {
            self.ended.send_modify(|count| *count += ended);
        }
    }
}

/// All as the inner store does it; commits are looked at.
#[async_trait]
impl Store for Watched {
    async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        let committed = self.inner.commit(commit).await?;
        self.look_at(&committed.events);
        Ok(committed)
    }

    async fn commit_at_last(&self, commit: Commit, pause: &mut Pause<'_>) -> Result<Committed, StoreError> {
        let committed = self.inner.commit_at_last(commit, pause).await?;
        self.look_at(&committed.events);
        Ok(committed)
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
        self.inner.execution_events(id, after, limit).await
    }

    async fn register_playbook(&self, playbook: NewPlaybook) -> Result<(PlaybookRow, bool), StoreError> {
        self.inner.register_playbook(playbook).await
    }

    async fn playbook(&self, path: &str, version: Option<u32>) -> Result<Option<PlaybookRow>, StoreError> {
        self.inner.playbook(path, version).await
    }

    async fn newest_version(&self, path: &str) -> Result<Option<u32>, StoreError> {
        self.inner.newest_version(path).await
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

    fn database(&self) -> store::Database<'_> {
        self.inner.database()
    }
}
