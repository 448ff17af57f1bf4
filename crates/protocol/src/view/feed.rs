//! What comes in one after the other, newest first, and may be made to wait.

use crate::{Envelope, Position};
use serde::{Deserialize, Serialize};

/// Rows kept; older ones are a page away.
const ROWS: usize = 500;
/// Rows that may wait to be shown; of more, the oldest are let go and counted.
const WAITING: usize = 500;

/// Rows, newest first, true at `position`. What comes waits until it is taken in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Feed<R> {
    pub rows: Vec<R>,
    /// Newest first.
    #[serde(default = "Vec::new")]
    pub waiting: Vec<R>,
    /// Came while more waited than may.
    #[serde(default)]
    pub let_go: u64,
    pub position: Position,
}

impl<R> Feed<R> {
    pub fn new(rows: Vec<R>, position: Position) -> Self {
        Self { rows, waiting: Vec::new(), let_go: 0, position }
    }

    /// Takes in an event, unless it is known already or makes no row.
    pub fn apply(&mut self, envelope: &Envelope, row: impl Fn(&Envelope) -> Option<R>) {
        match envelope.position {
            Some(position) if position <= self.position => return,
            Some(position) => self.position = position,
            // It is kept nowhere, and comes once.
            None => {}
        }
        if let Some(row) = row(envelope) {
            self.waiting.insert(0, row);
            if self.waiting.len() > WAITING {
                self.waiting.pop();
                self.let_go += 1;
            }
        }
    }

    /// Shows what waits. What was let go is a gap, which rows show by their positions.
    pub fn take_in(&mut self) {
        self.rows.splice(0..0, self.waiting.drain(..));
        self.rows.truncate(ROWS);
        self.let_go = 0;
    }

    /// How many wait, those let go included.
    pub fn new_count(&self) -> u64 {
        self.waiting.len() as u64 + self.let_go
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_comes_waits_bounded_and_is_shown_when_taken_in() {
        let event = |position: Option<u64>| -> Envelope {
            serde_json::from_value(json!({
                "id": "01998c4e-9c1b-7d2e-8a10-0123456789ab", "position": position, "time": 1, "type": "x",
                "correlation_id": null, "causation_id": null, "traceparent": null, "data": {},
            }))
            .expect("an envelope")
        };
        let row = |event: &Envelope| event.position.map(|position| position.0);
        let mut feed = Feed::new(vec![1], Position(1));
        feed.apply(&event(Some(1)), row);
        feed.apply(&event(None), row);
        assert_eq!(feed.new_count(), 0, "one is known, the other makes no row");
        for position in 2..=751 {
            feed.apply(&event(Some(position)), row);
        }
        assert_eq!((feed.rows.len(), feed.new_count(), feed.let_go), (1, 750, 250));
        feed.take_in();
        assert_eq!((feed.rows.len(), feed.new_count(), feed.position), (500, 0, Position(751)));
        assert_eq!((feed.rows[0], feed.rows[499]), (751, 252));
    }
}
