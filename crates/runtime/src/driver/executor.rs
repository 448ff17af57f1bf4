//! Who runs tasks: a provider of this process, or a worker connected to it.

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

    /// Runs one task to its end, which comes soon after `cancelled` resolves.
    ///
    /// # Errors
    /// [`Lost`] when there will be no report: the task is handed out again.
    async fn run(&self, task: Task, cancelled: Cancelled) -> Result<Run, Lost>;
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

    async fn run(&self, task: Task, cancelled: Cancelled) -> Result<Run, Lost> {
        Ok(self.provider.run(task, cancelled).await)
    }
}
