//! What a provider is.

use crate::Progress;
use async_trait::async_trait;
use protocol::{
    Task, TaskError,
    task::{Logs, TaskOutcome},
};
use serde_json::Value;
use std::{any::Any, sync::Arc};
use tokio::sync::watch;

/// Does the work of one or more protocols.
///
/// A task may be handed out twice (after a crash); results count once, by the task's key.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// The protocols offered: `python`, `http` …
    fn protocols(&self) -> &[&'static str];

    /// Tasks at once.
    fn concurrency(&self) -> usize;

    /// Whether a run is over as soon as it is begun: it waits for nothing and takes microseconds. In the server's own
    /// process it is then done where it is handed out, which saves a task of the runtime and two changes of threads.
    /// One that waits all the same goes on as any other. A [`Worker`](crate::Worker) never asks: there the way is longer.
    fn is_instant(&self) -> bool {
        false
    }

    /// Runs one task to its end. Returns within `task.timeout_ms` (the provider enforces it and reports
    /// `timeout`) and soon after `cancelled` resolves; then the run is thrown away.
    async fn run(&self, task: Task, cancelled: Cancelled) -> Run;

    /// As [`Provider::run`], which is what happens unless this is implemented too, for work that tells how far it is.
    async fn run_telling(&self, task: Task, cancelled: Cancelled, _progress: Progress) -> Run {
        self.run(task, cancelled).await
    }
}

/// Resolves when the task is no longer wanted.
#[derive(Clone, Debug)]
pub struct Cancelled(watch::Receiver<bool>);

impl Cancelled {
    /// A signal and the switch that sets it. Dropping the switch does not cancel.
    pub fn pair() -> (watch::Sender<bool>, Self) {
        let (switch, signal) = watch::channel(false);
        (switch, Self(signal))
    }

    pub(crate) fn of(switch: watch::Receiver<bool>) -> Self {
        Self(switch)
    }

    /// Waits until the task is cancelled; forever, if it never is.
    pub async fn wait(&mut self) {
        if self.0.wait_for(|cancelled| *cancelled).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// How a run ended and what it wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pub outcome: TaskOutcome,
    pub logs: Logs,
}

impl Run {
    pub fn completed(result: Value) -> Self {
        Self { outcome: TaskOutcome::Completed { result: Arc::new(result) }, logs: Logs::default() }
    }

    pub fn failed(error: TaskError) -> Self {
        Self { outcome: TaskOutcome::Failed { error, result: None }, logs: Logs::default() }
    }

    /// The provider panicked: a defect of its own, and one task's only.
    pub fn panicked(protocol: &str, panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let cause = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        let message = format!("the `{protocol}` provider panicked: {cause}; this is a defect, please report it");
        Self::failed(TaskError::new("provider_panicked", message))
    }

    /// The provider did not keep the task's time limit itself.
    pub fn overdue(timeout_ms: u64) -> Self {
        let seconds = timeout_ms / 1000;
        let message = format!("the action did not end within its time limit of {seconds} s; raise `timeout_s`");
        Self::failed(TaskError::new("timeout", message))
    }

    pub fn with_logs(mut self, logs: Logs) -> Self {
        self.logs = logs;
        self
    }
}
