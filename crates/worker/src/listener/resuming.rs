//! Subscriptions that are made again: over a new connection, or anew over the same after events were passed over.

use protocol::Topic;
use serde_json::Value;
use std::{collections::VecDeque, future::pending, time::Duration};
use tokio::time::{Instant, sleep_until};

/// The subscriptions of one connection. They are asked for in as few frames as hold them, one after the other. The server
/// refuses a frame whole: for which of its topics is found by asking for each.
#[derive(Debug, Default)]
pub(super) struct Resuming {
    /// The frame that waits for its answer, and its topics.
    asked: Option<(u64, Vec<Topic>)>,
    /// What to ask for next, frame by frame.
    left: VecDeque<Vec<Topic>>,
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

    /// Everything, in frames; whatever was to be asked for before is among it.
    pub(super) fn begin(&mut self, frames: impl Iterator<Item = Vec<Topic>>) {
        (self.asked, self.left, self.not_before) = (None, frames.collect(), None);
    }

    /// These were refused together: each is asked for alone, after the others.
    pub(super) fn part(&mut self, topics: Vec<Topic>) {
        self.left.extend(topics.into_iter().map(|topic| vec![topic]));
    }

    /// What to ask for next, unless an answer or a better time is waited for.
    pub(super) fn next(&mut self) -> Option<Vec<Topic>> {
        if self.asked.is_some() || self.not_before.is_some_and(|not_before| not_before > Instant::now()) {
            return None;
        }
        self.not_before = None;
        self.left.pop_front()
    }

    /// An event was passed over.
    pub(super) fn fall_behind(&mut self) {
        self.is_behind = true;
    }

    /// These were refused for now.
    pub(super) fn later(&mut self, topics: Vec<Topic>, pause: Duration) {
        self.not_before = Some(Instant::now() + pause);
        self.left.push_front(topics);
    }

    /// Whether to ask for everything again, from where it was: once.
    pub(super) fn is_due(&mut self) -> bool {
        let is_due = self.is_behind && self.asked.is_none() && self.left.is_empty();
        if is_due {
            self.is_behind = false;
        }
        is_due
    }

    /// Resolves when it is time to ask for what was refused for now.
    pub(super) async fn again(&self) {
        match self.not_before {
            Some(not_before) if not_before > Instant::now() => sleep_until(not_before).await,
            _ => pending().await,
        }
    }
}
