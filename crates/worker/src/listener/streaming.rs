//! Measurements, published every so often.

use super::{Client, State};
use protocol::event::{MetricCategory, PerformanceMetric};
use std::{
    future::{Future, Ready, ready},
    time::{Duration, Instant},
};
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};
use tokio::{
    task::JoinHandle,
    time::{self, MissedTickBehavior, interval_at},
};

/// As fast as it goes.
const SHORTEST: Duration = Duration::from_millis(1);

impl Client {
    /// Measures and publishes every so often, until the answer is dropped or stopped: [`process_metrics`], or what a
    /// function of one's own measures. A measurement that cannot be published is logged; the next one is tried all the
    /// same. While there is no server nothing is measured, and what was measured just before is not sent later.
    pub fn stream_metrics<F>(&self, every: Duration, mut measure: impl FnMut() -> F + Send + 'static) -> Streaming
    where
        F: Future<Output = Vec<PerformanceMetric>> + Send,
    {
        let client = self.clone();
        Streaming(tokio::spawn(async move {
            let every = every.max(SHORTEST);
            let mut ticks = interval_at(time::Instant::now() + every, every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                match client.state() {
                    State::Open => tokio::select! {
                        () = client.publish_all(measure()) => {}
                        () = client.is_away() => {}
                    },
                    State::Closed => return,
                    State::Connecting | State::Waiting => {}
                }
            }
        }))
    }

    async fn publish_all(&self, metrics: impl Future<Output = Vec<PerformanceMetric>>) {
        for metric in metrics.await {
            if let Err(error) = self.publish(metric).await {
                tracing::warn!(%error, "a metric was not published");
            }
        }
    }
}

/// Metrics that are streamed until this is dropped.
#[derive(Debug)]
pub struct Streaming(JoinHandle<()>);

impl Streaming {
    pub fn stop(self) {}
}

impl Drop for Streaming {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What the system tells of this process, for [`Client::stream_metrics`]: `process_cpu`, in percent of one processor
/// since the last look, and `process_memory`, the bytes resident.
pub fn process_metrics() -> impl FnMut() -> Ready<Vec<PerformanceMetric>> + Send + 'static {
    let mut system = System::new();
    let mut last = (Instant::now(), look(&mut system).map_or(0, |(busy_ms, _)| busy_ms));
    move || {
        let Some((busy_ms, bytes)) = look(&mut system) else { return ready(Vec::new()) };
        let (before, busy_before_ms) = std::mem::replace(&mut last, (Instant::now(), busy_ms));
        let passed_ms = last.0.duration_since(before).as_secs_f64() * 1_000.0;
        let busy_ms = busy_ms.saturating_sub(busy_before_ms) as f64;
        let cpu = if passed_ms > 0.0 { busy_ms / passed_ms * 100.0 } else { 0.0 };
        ready(vec![
            PerformanceMetric::new("process_cpu", cpu, "percent", MetricCategory::System),
            PerformanceMetric::new("process_memory", bytes as f64, "bytes", MetricCategory::System),
        ])
    }
}

/// Milliseconds of processor time so far, and bytes resident; `None` where the system does not tell.
fn look(system: &mut System) -> Option<(u64, u64)> {
    let own = Pid::from_u32(std::process::id());
    let kind = ProcessRefreshKind::nothing().with_cpu().with_memory();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[own]), true, kind);
    system.process(own).map(|process| (process.accumulated_cpu_time(), process.memory()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_at_work_is_measured_since_the_last_look() {
        let mut measure = process_metrics();
        let mut sum = 0_u64;
        // The system counts processor time in hundredths of a second, and others may be at work here too.
        for _ in 0..1_000 {
            for _ in 0..10_000_000 {
                sum = std::hint::black_box(sum.wrapping_add(1));
            }
            let metrics = measure().into_inner();
            let told: Vec<_> =
                metrics.iter().map(|metric| (metric.metric_name.as_str(), metric.unit.as_str())).collect();
            assert_eq!(told, [("process_cpu", "percent"), ("process_memory", "bytes")]);
            assert!(metrics[1].value > 1_000_000.0, "{metrics:?}");
            // Of one look to the next, and not of all its time: threads of other tests may be at work as well.
            if metrics[0].value > 0.0 {
                return assert!(metrics[0].value < 100_000.0, "{metrics:?}");
            }
        }
        panic!("never seen to be busy, after counting to {sum}");
    }
}
