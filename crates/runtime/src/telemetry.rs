//! Figures of the runtime, counted where things happen and read by whoever exports them.

use protocol::{Envelope, Event};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

/// Upper ends of a histogram's buckets, seconds: from what a commit takes to what nobody waits for.
const BOUNDS: [f64; 15] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 600.0];

pub(crate) struct Telemetry {
    pub(crate) commit: Durations,
    pub(crate) task: Durations,
    pub(crate) publish_lag: Durations,
    /// By place in [`Event::NAMES`]; the last is of types this build does not know.
    events: Vec<AtomicU64>,
}

/// How long something took, in buckets.
#[derive(Default)]
pub(crate) struct Durations {
    buckets: [AtomicU64; BOUNDS.len() + 1],
    sum_us: AtomicU64,
}

/// Figures at one moment, since the start where they count.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Commits of decisions and messages.
    pub commit: Histogram,
    /// Attempts at steps, as whoever ran them told.
    pub task: Histogram,
    /// From an event's commit until the hub has taken it.
    pub publish_lag: Histogram,
    /// Published, by type.
    pub events: Vec<(&'static str, u64)>,
    pub flushes: u64,
    /// What only the store knows is absent while it does not answer.
    pub queue_depth: Option<u64>,
    pub executions_running: Option<u64>,
    /// Measurements that were not rolled up.
    pub metrics_left_out: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    pub sum_s: f64,
    pub count: u64,
    /// Upper end of each bucket in seconds, the last `f64::INFINITY`, with how many fell into it.
    pub buckets: Vec<(f64, u64)>,
}

impl Durations {
    pub(crate) fn observe(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let at = BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS.len());
        self.buckets[at].fetch_add(1, Relaxed);
        self.sum_us.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }

    fn histogram(&self) -> Histogram {
        let bounds = BOUNDS.into_iter().chain([f64::INFINITY]);
        let buckets: Vec<(f64, u64)> = bounds.zip(self.buckets.iter().map(|count| count.load(Relaxed))).collect();
        Histogram {
            sum_s: self.sum_us.load(Relaxed) as f64 / 1e6,
            count: buckets.iter().map(|(_, count)| count).sum(),
            buckets,
        }
    }
}

impl Telemetry {
    pub(crate) fn new() -> Self {
        Self {
            commit: Durations::default(),
            task: Durations::default(),
            publish_lag: Durations::default(),
            events: (0..=Event::NAMES.len()).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Events were committed here. Every server shows all events of the log; each is counted where it came about.
    pub(crate) fn committed(&self, events: &[Arc<Envelope>]) {
        events.iter().for_each(|envelope| self.count(envelope));
    }

    /// An event was committed here, or shown without being kept.
    pub(crate) fn count(&self, envelope: &Envelope) {
        let name = envelope.event.name();
        let at = Event::NAMES.iter().position(|known| *known == name).unwrap_or(Event::NAMES.len());
        self.events[at].fetch_add(1, Relaxed);
        match &envelope.event {
            Event::ActionCompleted(done) => self.task.observe(Duration::from_millis(done.duration_ms)),
            Event::ActionFailed(failed) => self.task.observe(Duration::from_millis(failed.duration_ms)),
            _ => {}
        }
    }

    pub(crate) fn figures(&self) -> Figures {
        let names = Event::NAMES.iter().copied().chain(["other"]);
        Figures {
            commit: self.commit.histogram(),
            task: self.task.histogram(),
            publish_lag: self.publish_lag.histogram(),
            events: names.zip(self.events.iter().map(|count| count.load(Relaxed))).collect(),
            ..Figures::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_falls_into_one_bucket() {
        let durations = Durations::default();
        for us in [0, 500, 501, 1_000_000, 3_600_000_000] {
            durations.observe(Duration::from_micros(us));
        }
        let Histogram { sum_s, count, buckets } = durations.histogram();
        assert_eq!((count, sum_s), (5, 3601.001001));
        let filled: Vec<_> = buckets.into_iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!(filled, [(0.0005, 2), (0.001, 1), (1.0, 1), (f64::INFINITY, 1)]);
    }
}
