//! Who runs tasks: a provider of this process, or a worker connected to it.

use super::Reply;
use crate::credentials::Redaction;
use async_trait::async_trait;
use protocol::Task;
use std::sync::Arc;
use worker::{Cancelled, Provider, Run};

/// Runs tasks of some protocols, so many at once.
#[async_trait]
pub(crate) trait Executor: Send + Sync + 'static {
    /// What events name as the worker.
    fn name(&self) -> Arc<str>;

    /// The protocols offered: `python`, `http` …
    fn protocols(&self) -> Vec<String>;

    /// Tasks at once.
    fn concurrency(&self) -> usize;

    /// Whether it takes tasks now: not when it is about to leave, or has left and the driver has not heard of it.
    fn is_open(&self) -> bool {
        true
    }

    /// See [`Provider::is_instant`].
    fn is_instant(&self) -> bool {
        false
    }

    /// Runs one task to its end, which comes soon after `cancelled` resolves.
    ///
    /// # Errors
    /// [`Lost`] when there will be no report: the task is handed out again.
    async fn run(&self, task: Task, cancelled: Cancelled) -> Result<Done, Lost>;

    /// As [`Executor::run`], of a task with what it may know opened. For those who tell of it while it runs: what
    /// they tell goes through `redaction`. Its end is seen to.
    ///
    /// # Errors
    /// As [`Executor::run`].
    async fn run_opened(&self, task: Task, _redaction: Arc<Redaction>, cancelled: Cancelled) -> Result<Done, Lost> {
        self.run(task, cancelled).await
    }
}

/// A task that has ended.
pub(crate) struct Done {
    pub(crate) run: Run,
    /// As its worker measured it. Absent: from being handed out to here.
    pub(crate) duration_ms: Option<u64>,
    /// Told when the end is durable.
    pub(crate) receipt: Option<Reply>,
}

impl From<Run> for Done {
    fn from(run: Run) -> Self {
        Self { run, duration_ms: None, receipt: None }
    }
}

/// A task whose worker is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    /// `disconnected`, `lease_expired` … with what is known.
    pub(crate) reason: String,
}

/// A provider of this process; never lost while the process lives.
pub(super) struct Local {
    pub(super) provider: Arc<dyn Provider>,
    pub(super) name: Arc<str>,
}

#[async_trait]
impl Executor for Local {
    fn name(&self) -> Arc<str> {
        self.name.clone()
    }

    fn protocols(&self) -> Vec<String> {
        self.provider.protocols().iter().map(|protocol| (*protocol).to_owned()).collect()
    }

    fn concurrency(&self) -> usize {
        self.provider.concurrency()
    }

    fn is_instant(&self) -> bool {
        self.provider.is_instant()
    }

    async fn run(&self, task: Task, cancelled: Cancelled) -> Result<Done, Lost> {
        Ok(self.provider.run(task, cancelled).await.into())
    }
}
