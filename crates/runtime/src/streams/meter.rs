//! What a server measures of itself: every 5 s to who looks, and into the charts.

use super::{machine::Machine, troubles::Trouble};
use crate::{Api, api::from_store};
use protocol::{
    Problem, Timestamp,
    event::{MetricCategory, PerformanceMetric, Severity},
};
use serde_json::{Map, json};
use std::{sync::Arc, time::Duration};

/// As S1 streams them.
const EVERY: Duration = Duration::from_secs(5);

pub(crate) struct Meter {
    pub(crate) api: Api,
    pub(crate) server: Arc<str>,
    machine: Machine,
    before: Option<Before>,
}

/// What is told as so much a second.
struct Before {
    at: Timestamp,
    position: u64,
    flushes: u64,
}

impl Meter {
    pub(crate) fn new(api: Api, server: Arc<str>) -> Self {
        Self { api, server, machine: Machine::new(), before: None }
    }

    /// Measures until it is dropped.
    pub(crate) async fn run(mut self) {
        let environment = self.api.shared().environment.clone();
        loop {
            environment.sleep(EVERY).await;
            match self.measure().await {
                Ok(metrics) => self.tell(metrics),
                Err(problem) => {
                    tracing::warn!(%problem, "nothing was measured");
                    self.api.shared().troubles.tell(Trouble {
                        severity: Severity::Critical,
                        component: "store".to_owned(),
                        code: "store_unavailable",
                        about: format!("server:{}", self.server),
                        message: format!("the store does not answer: {}", problem.detail),
                    });
                }
            }
            if let Err(problem) = self.api.keep_metrics(false).await {
                tracing::warn!(%problem, "measurements are missing from the charts");
            }
        }
    }

    fn tell(&self, metrics: Vec<PerformanceMetric>) {
        let shared = self.api.shared();
        for metric in metrics {
            shared.rollup.add(&metric, &self.server, shared.environment.now());
            self.api.show(metric.into());
        }
    }

    async fn measure(&mut self) -> Result<Vec<PerformanceMetric>, Problem> {
        use MetricCategory::{Database, Network, System};
        let shared = self.api.shared();
        let now = shared.environment.now();
        let load = self.machine.load();
        let hub = shared.hub.health();
        let queue_depth = shared.store.queue_depth().await.map_err(from_store)?;
        let (counts, _) = shared.store.counts().await.map_err(from_store)?;
        let present = Before { at: now, position: shared.published.borrow().0, flushes: shared.store.flushes() };
        let a_second = |count: fn(&Before) -> u64| match &self.before {
            Some(before) if now > before.at => {
                count(&present).saturating_sub(count(before)) as f64 * 1000.0 / now.ms_since(before.at) as f64
            }
            _ => 0.0,
        };
        let figures = [
            ("cpu_usage", load.cpu, "percent", System),
            ("memory_usage", load.memory, "percent", System),
            ("process_cpu_usage", load.process_cpu, "percent", System),
            ("process_memory", load.process_memory, "bytes", System),
            ("active_connections", hub.connections as f64, "connections", Network),
            ("subscriptions", hub.subscriptions as f64, "subscriptions", Network),
            ("event_rate", a_second(|of| of.position), "events/s", Database),
            ("flush_rate", a_second(|of| of.flushes), "flushes/s", Database),
            ("queue_depth", queue_depth as f64, "tasks", Database),
            ("executions_running", counts.running as f64, "executions", Database),
        ];
        self.before = Some(present);
        let of = |(name, value, unit, category): (&str, f64, &str, MetricCategory)| PerformanceMetric {
            metric_name: name.to_owned(),
            value,
            unit: unit.to_owned(),
            category,
            agent_id: None,
            timestamp: now,
            metadata: Some(Map::from_iter([("server".to_owned(), json!(&*self.server))])),
        };
        Ok(figures.into_iter().map(of).collect())
    }
}
