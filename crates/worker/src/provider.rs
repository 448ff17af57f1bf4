//! What a provider is.

use async_trait::async_trait;
use protocol::{
    Task, TaskError,
    task::{Logs, TaskOutcome},
};
use serde_json::Value;
use std::sync::Arc;
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

    /// Runs one task to its end. Returns within `task.timeout_ms` (the provider enforces it and reports
    /// `timeout`) and soon after `cancelled` resolves; then the run is thrown away.
    async fn run(&self, task: Task, cancelled: Cancelled) -> Run;
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

    pub fn with_logs(mut self, logs: Logs) -> Self {
        self.logs = logs;
        self
    }
}
