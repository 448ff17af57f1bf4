//! Store, hub and runtime of one case, on fresh files.

use super::{
    playbooks,
    watched::{Ready, Watched},
};
use crate::conditions::resident_mib;
use anyhow::{Context, ensure};
use hub::{Hub, HubConfig};
use protocol::{ExecutionId, api::SubmitRequest};
use runtime::{Api, Membership, Parts, Retention, Runtime, StoreLog, Streams, credentials::Vault};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use store::Store;
use tools::NoopProvider;

pub(crate) struct House {
    runtime: Runtime,
    hub: Arc<Hub>,
    pub(crate) api: Api,
    pub(crate) store: Arc<Watched>,
}

/// What one round of a case came to.
pub(crate) struct Figures {
    pub(crate) steps: u64,
    pub(crate) took: Duration,
    pub(crate) flushes: u64,
    /// Median from start to end of an execution.
    pub(crate) execution_ms: f64,
    pub(crate) step_p50_ms: f64,
    pub(crate) step_p99_ms: f64,
    /// Of this process, load generator included.
    pub(crate) rss_mib: f64,
}

impl House {
    pub(crate) async fn build(url: &str, counts: Ready) -> anyhow::Result<Self> {
        let inner = store::open(url).await?;
        let store = Watched::new(inner, counts);
        let shared: Arc<dyn Store> = store.clone();
        let hub = Hub::new(Arc::new(StoreLog::new(shared.clone())), HubConfig::default());
        let runtime = Runtime::start(Parts {
            store: shared,
            hub: hub.clone(),
            providers: vec![Arc::new(NoopProvider)],
            vault: Arc::new(Vault::in_memory()),
            server: "bench".to_owned(),
            membership: Membership::Alone,
            retention: Retention::default(),
            streams: Streams::default(),
        })
        .await?;
        let api = runtime.api();
        Ok(Self { runtime, hub, api, store })
    }

    pub(crate) async fn register(&self, source: &str) -> anyhow::Result<()> {
        self.api.register_playbook(source).await.context("registering the bench's playbook")?;
        Ok(())
    }

    pub(crate) async fn submit(&self, path: &str) -> anyhow::Result<ExecutionId> {
        let request = SubmitRequest::new(path, None);
        Ok(self.api.submit(request).await?.execution_id)
    }

    /// Submits one execution and waits until its end is durable.
    pub(crate) async fn run_one(&self, path: &str) -> anyhow::Result<ExecutionId> {
        let mut ended = self.store.ended();
        let id = self.submit(path).await?;
        while !self.store.has_ended(id) {
            ended.changed().await?;
        }
        Ok(id)
    }

    /// As [`House::measure`], of executions of one step with `items` items: what counts is the items.
    pub(crate) async fn measure_items(
        &self,
        items: u64,
        load: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<Figures> {
        let figures = self.measure(1, load).await?;
        Ok(Figures { steps: figures.steps * items, ..figures })
    }

    /// Runs the load, and tells what came of it. `steps` is what each execution is made of.
    pub(crate) async fn measure(
        &self,
        steps: u64,
        load: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<Figures> {
        self.store.take();
        let (began, flushes) = (Instant::now(), self.store.flushes());
        load.await?;
        let took = began.elapsed();
        let flushes = self.store.flushes() - flushes;
        let times = self.store.take();
        ensure!(times.failed == 0, "{} executions did not complete", times.failed);
        let expected = times.executions.len() as u64 * steps;
        ensure!(times.steps.len() as u64 == expected, "{} steps were done instead of {expected}", times.steps.len());
        Ok(Figures {
            steps: expected,
            took,
            flushes,
            execution_ms: quantile(&times.executions, 0.5),
            step_p50_ms: quantile(&times.steps, 0.5),
            step_p99_ms: quantile(&times.steps, 0.99),
            rss_mib: resident_mib(std::process::id()),
        })
    }

    pub(crate) async fn tear_down(self) {
        self.runtime.shutdown().await;
        self.hub.shutdown().await;
    }
}

/// A case begins with a warm run that is not counted.
pub(crate) async fn warm(house: &House, playbook: &str, path: &str) -> anyhow::Result<()> {
    house.register(playbook).await?;
    house.run_one(path).await.map(|_| ())
}

/// Of sorted times, in milliseconds; 0 of none.
pub(super) fn quantile(sorted: &[Duration], q: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let at = (last as f64 * q).round() as usize;
    sorted.get(at).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

/// Chains are what three of the cases run.
pub(crate) async fn warm_chain(house: &House) -> anyhow::Result<()> {
    warm(house, &playbooks::chain(), playbooks::CHAIN).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_occurred() {
        let times: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!([quantile(&times, 0.5), quantile(&times, 0.99), quantile(&[], 0.5)], [51.0, 99.0, 0.0]);
    }
}
