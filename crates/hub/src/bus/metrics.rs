//! Measurements on their way: those of each room are collected and sent as one frame (S1's buffering).

use crate::config::MetricBuffers;
use protocol::{Topic, event::PerformanceMetric};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::time::Instant;

/// Bytes of one frame, about: what waits for one client of all ephemeral events is a little more.
const FRAME_BYTES: usize = 48 << 10;

/// What is collected. A room is there while some wait.
pub(crate) struct Rooms {
    size: usize,
    interval: Duration,
    rooms: HashMap<Topic, Room>,
    flushes: u64,
}

struct Room {
    /// As JSON; shared by the rooms of one measurement.
    waiting: Vec<Arc<str>>,
    bytes: usize,
    since: Instant,
}

/// What is sent to a room.
#[derive(Debug, PartialEq)]
pub(crate) struct Batch {
    pub(crate) topic: Topic,
    /// The frame, JSON.
    pub(crate) frame: String,
    /// Measurements in it.
    pub(crate) count: u64,
}

/// A measurement, written once for all its rooms.
pub(crate) fn written(metric: &PerformanceMetric) -> Arc<str> {
    serde_json::to_string(metric).expect("a measurement has string keys and no failing types").into()
}

impl Rooms {
    pub(crate) fn new(buffers: MetricBuffers) -> Self {
        Self {
            size: buffers.size.max(1) as usize,
            interval: Duration::from_millis(buffers.flush_interval_ms),
            rooms: HashMap::new(),
            flushes: 0,
        }
    }

    /// Adds a measurement to a room. What comes back is to be sent at once.
    pub(crate) fn add(&mut self, topic: &Topic, metric: Arc<str>, now: Instant) -> Option<Batch> {
        let new = || Room { waiting: Vec::new(), bytes: 0, since: now };
        let room = self.rooms.entry(topic.clone()).or_insert_with(new);
        room.bytes += metric.len();
        room.waiting.push(metric);
        let is_full = room.waiting.len() >= self.size || room.bytes >= FRAME_BYTES || self.interval.is_zero();
        if is_full { self.take(topic) } else { None }
    }

    /// When the next room has waited long enough.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.rooms.values().map(|room| room.since).min().map(|since| since + self.interval)
    }

    /// Everything that has waited long enough.
    pub(crate) fn overdue(&mut self, now: Instant) -> Vec<Batch> {
        let is_due = |room: &Room| now.duration_since(room.since) >= self.interval;
        let due: Vec<Topic> =
            self.rooms.iter().filter(|(_, room)| is_due(room)).map(|(topic, _)| topic.clone()).collect();
        due.iter().filter_map(|topic| self.take(topic)).collect()
    }

    /// Nobody is in there any more.
    pub(crate) fn forget(&mut self, topic: &Topic) {
        self.rooms.remove(topic);
    }

    /// Rooms of which some wait, how many wait, and how often some were sent.
    pub(crate) fn figures(&self) -> (u64, u64, u64) {
        let waiting: usize = self.rooms.values().map(|room| room.waiting.len()).sum();
        (self.rooms.len() as u64, waiting as u64, self.flushes)
    }

    fn take(&mut self, topic: &Topic) -> Option<Batch> {
        let room = self.rooms.remove(topic)?;
        self.flushes += 1;
        let name = serde_json::to_string(topic).expect("a topic is text");
        let metrics = room.waiting.join(",");
        let frame = format!(r#"{{"type":"performance_metrics","topics":[{name}],"metrics":[{metrics}]}}"#);
        Some(Batch { topic: topic.clone(), frame, count: room.waiting.len() as u64 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Timestamp, event::MetricCategory, frame::ServerFrame};

    fn metric(value: f64) -> PerformanceMetric {
        PerformanceMetric {
            metric_name: "cpu \"x\"".to_owned(),
            value,
            unit: "percent".to_owned(),
            category: MetricCategory::System,
            agent_id: None,
            timestamp: Timestamp(7),
            metadata: None,
        }
    }

    fn rooms(size: u32, flush_interval_ms: u64) -> Rooms {
        Rooms::new(MetricBuffers { size, flush_interval_ms })
    }

    #[tokio::test(start_paused = true)]
    async fn a_room_is_sent_when_it_is_full_or_has_waited() {
        let mut rooms = rooms(3, 1_000);
        let (all, one) = (Topic::PerformanceMetrics, Topic::Agent("a\"b".to_owned()));
        let begin = Instant::now();
        for value in [1.0, 2.0] {
            assert_eq!(rooms.add(&all, written(&metric(value)), begin), None);
        }
        assert_eq!(rooms.add(&one, written(&metric(2.0)), begin + Duration::from_millis(300)), None);
        assert_eq!(rooms.figures(), (2, 3, 0));
        let full = rooms.add(&all, written(&metric(3.0)), begin + Duration::from_millis(900)).expect("it is full");
        assert_eq!((&full.topic, full.count), (&all, 3));
        let metrics = [1.0, 2.0, 3.0].map(metric).to_vec();
        let expected = ServerFrame::PerformanceMetrics { topics: vec![all.clone()], metrics };
        assert_eq!(full.frame, serde_json::to_string(&expected).unwrap(), "the bytes serde would write");

        assert_eq!(rooms.due(), Some(begin + Duration::from_millis(1_300)));
        assert_eq!(rooms.overdue(begin + Duration::from_millis(1_299)), []);
        let due = rooms.overdue(begin + Duration::from_millis(1_300));
        assert_eq!(due.iter().map(|batch| (batch.topic.clone(), batch.count)).collect::<Vec<_>>(), [(one, 1)]);
        assert_eq!((rooms.due(), rooms.figures()), (None, (0, 0, 2)));
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_count_too_and_without_an_interval_nothing_waits() {
        let now = Instant::now();
        let large: Arc<str> = "x".repeat(FRAME_BYTES / 2).into();
        let mut rooms = rooms(50, 1_000);
        assert_eq!(rooms.add(&Topic::PerformanceMetrics, large.clone(), now), None);
        assert!(rooms.add(&Topic::PerformanceMetrics, large, now).is_some());
        let mut at_once = super::tests::rooms(50, 0);
        assert!(at_once.add(&Topic::PerformanceMetrics, "1".into(), now).is_some());
    }
}
