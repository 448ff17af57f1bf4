//! `noop`: its result is its input. For routing, for merging data on arcs, and for measuring the engine.

use async_trait::async_trait;
use protocol::{
    Task,
    task::{Logs, TaskOutcome},
};
use worker::{Cancelled, Provider, Run};

/// Never waits, so it may run as often at once as anybody asks; the number only has to be finite.
const CONCURRENCY: usize = 4096;

pub struct NoopProvider;

#[async_trait]
impl Provider for NoopProvider {
    fn protocols(&self) -> &[&'static str] {
        &["noop"]
    }

    fn concurrency(&self) -> usize {
        CONCURRENCY
    }

    fn is_instant(&self) -> bool {
        true
    }

    async fn run(&self, task: Task, _cancelled: Cancelled) -> Run {
        Run { outcome: TaskOutcome::Completed { result: task.input }, logs: Logs::default() }
    }
}
