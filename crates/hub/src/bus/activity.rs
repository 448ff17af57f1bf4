//! What happens in the rooms.

use protocol::{Timestamp, Topic};
use std::collections::HashMap;

/// S1's rooms: counted whether anybody is in there or not.
pub(crate) const STANDARD: [Topic; 5] = [
    Topic::AgentStates,
    Topic::PerformanceMetrics,
    Topic::WorkflowExecutions,
    Topic::MemoryTimeline,
    Topic::SystemAlerts,
];

/// By room, events since it is counted, and when the newest was.
pub(crate) struct Activity(HashMap<Topic, (u64, Option<Timestamp>)>);

impl Activity {
    pub(crate) fn new() -> Self {
        Self(STANDARD.into_iter().map(|topic| (topic, (0, None))).collect())
    }

    /// From here on this room is counted.
    pub(crate) fn watch(&mut self, topic: &Topic) {
        if !self.0.contains_key(topic) {
            self.0.insert(topic.clone(), (0, None));
        }
    }

    /// Nobody is in there any more.
    pub(crate) fn forget(&mut self, topic: &Topic) {
        if !STANDARD.contains(topic) {
            self.0.remove(topic);
        }
    }

    pub(crate) fn note(&mut self, topics: &[Topic], at: Timestamp) {
        for topic in topics {
            if let Some((events, last)) = self.0.get_mut(topic) {
                *events += 1;
                *last = Some(at);
            }
        }
    }

    pub(crate) fn of(&self, topic: &Topic) -> (u64, Option<Timestamp>) {
        self.0.get(topic).copied().unwrap_or_default()
    }
}
