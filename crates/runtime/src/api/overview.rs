//! What the whole is doing: dashboard and health.

use super::{Api, from_store};
use crate::Figures;
use protocol::{
    Outcome, Phase, Problem, Timestamp,
    api::{Health, StatusCounts},
    view::DashboardView,
};
use std::{collections::BTreeMap, time::Duration};
use store::{ExecutionFilter, StoreError};

/// Rows in each of the dashboard's lists.
const LIST: u32 = 12;
/// How long figures wait for the store, which is patient with a database that is away: who collects them is not.
const STORE: Duration = Duration::from_secs(2);
/// Seconds of event rate.
const RATE_SECONDS: u32 = 60;

impl Api {
    /// Counts, what runs, what failed last, and the event rate, true at the view's position. Rows may be newer
    /// than that; each carries its own position, so applying the events in between changes nothing twice.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn dashboard(&self) -> Result<DashboardView, Problem> {
        let store = &self.shared.store;
        let now = self.shared.environment.now();
        let (counts, position): (StatusCounts, _) = store.counts().await.map_err(from_store)?;
        let list = |states| ExecutionFilter { states, limit: LIST, ..ExecutionFilter::default() };
        let running = store.executions(list(vec![(Phase::Initial, None), (Phase::InProgress, None)]));
        let failures = store.executions(list(vec![(Phase::Completed, Some(Outcome::Failed))]));
        let (running, failures, rate) =
            futures::try_join!(running, failures, store.event_rate(now, RATE_SECONDS)).map_err(from_store)?;
        Ok(DashboardView {
            counts,
            running: running.executions,
            failures: failures.executions,
            rate,
            rate_until: now.0.div_euclid(1000),
            position,
        })
    }

    /// What is counted, for whoever exports it. A store that does not answer keeps nobody from the rest.
    pub async fn figures(&self) -> Figures {
        let shared = &self.shared;
        let (queue_depth, counts) = futures::join!(in_time(shared.store.queue_depth()), in_time(shared.store.counts()));
        Figures {
            flushes: shared.store.flushes(),
            queue_depth,
            executions_running: counts.map(|(counts, _)| counts.running),
            metrics_left_out: shared.rollup.left_out(),
            ..shared.telemetry.figures()
        }
    }

    /// When this process began.
    pub fn started_at(&self) -> Timestamp {
        self.shared.started_at
    }

    /// Whether the parts work.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn health(&self) -> Result<Health, Problem> {
        let shared = &self.shared;
        Ok(Health {
            status: "ok".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            epoch: shared.store.epoch().clone(),
            position: shared.store.head().await.map_err(from_store)?,
            uptime_ms: shared.environment.now().ms_since(shared.started_at),
            websocket: shared.hub.health(),
            refused: BTreeMap::new(),
        })
    }
}

async fn in_time<T>(asked: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
    match tokio::time::timeout(STORE, asked).await {
        Ok(Ok(told)) => return Some(told),
        Ok(Err(error)) => tracing::warn!(%error, "figures are told without the store's"),
        Err(_) => tracing::warn!("figures are told without the store's: it did not answer in {} s", STORE.as_secs()),
    }
    None
}
