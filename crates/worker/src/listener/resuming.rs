//! Subscriptions that are made again: over a new connection, or anew over the same after events were passed over.

use protocol::Topic;
use serde_json::Value;
use std::{collections::VecDeque, future::pending, time::Duration};
use tokio::time::{Instant, sleep_until};

/// The subscriptions of one connection. They are asked for in one frame, which the server refuses whole: for which of its
/// topics is found by asking for each, one after the other.
#[derive(Debug, Default)]
pub(super) struct Resuming {
    /// The frame that waits for its answer, and its topics.
    asked: Option<(u64, Vec<Topic>)>,
    left: VecDeque<Topic>,
    /// Nothing counts as subscribed until everything is subscribed again, from where it was.
    is_behind: bool,
    not_before: Option<Instant>,
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

    /// An event was passed over.
    pub(super) fn fall_behind(&mut self) {
        self.is_behind = true;
    }

    /// They were refused for now.
    pub(super) fn later(&mut self, pause: Duration) {
        (self.is_behind, self.not_before) = (true, Some(Instant::now() + pause));
        self.left.clear();
    }

    /// Whether to ask for everything again, from where it was: once.
    pub(super) fn is_due(&mut self) -> bool {
        let may_ask = self.asked.is_none() && self.left.is_empty();
        let is_time = self.not_before.is_none_or(|not_before| not_before <= Instant::now());
        let is_due = self.is_behind && may_ask && is_time;
        if is_due {
            (self.is_behind, self.not_before) = (false, None);
        }
        is_due
    }

    /// Resolves when it is time to look whether that is due.
    pub(super) async fn again(&self) {
        match self.not_before {
            Some(not_before) if not_before > Instant::now() => sleep_until(not_before).await,
            _ => pending().await,
        }
    }
}
