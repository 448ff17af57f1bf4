//! Subscriptions that are made again.

use protocol::Topic;
use serde_json::Value;
use std::collections::VecDeque;

/// The subscriptions of one connection. They are asked for in one frame, which the server refuses whole: for which of its
/// topics is found by asking for each, one after the other.
#[derive(Debug, Default)]
pub(super) struct Resuming {
    /// The frame that waits for its answer, and its topics.
    asked: Option<(u64, Vec<Topic>)>,
    left: VecDeque<Topic>,
}

impl Resuming {
    pub(super) fn asked(&mut self, id: u64, topics: Vec<Topic>) {
        self.asked = Some((id, topics));
    }

    /// Whether this is the answer; the topics it is for.
    pub(super) fn answered(&mut self, id: &Value) -> Option<Vec<Topic>> {
        let (_, topics) = self.asked.take_if(|(asked, _)| id.as_u64() == Some(*asked))?;
        Some(topics)
    }

    /// These were refused together: each is asked for alone.
    pub(super) fn part(&mut self, topics: Vec<Topic>) {
        self.left = topics.into();
    }

    /// What to ask for next.
    pub(super) fn next(&mut self) -> Option<Topic> {
        self.left.pop_front()
    }
}
