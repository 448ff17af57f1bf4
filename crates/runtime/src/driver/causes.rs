//! Which event led to which: `causation_id` of the execution log.
//!
//! Within a visit of a step each event is caused by the one before it; a new visit by whatever came last.

use protocol::{Event, EventId};
use std::collections::HashMap;

#[derive(Default)]
pub(super) struct Causes {
    /// The newest event of each live visit.
    visits: HashMap<(String, u32), EventId>,
    newest: Option<EventId>,
}

impl Causes {
    /// The cause of an event, `drafted` being what the decision not yet committed noted so far.
    pub(super) fn of(&self, event: &Event, drafted: &Causes) -> Option<EventId> {
        let key = visit(event).map(|(step, visit)| (step.to_owned(), visit));
        key.and_then(|key| drafted.visits.get(&key).or_else(|| self.visits.get(&key)).copied())
            .or(drafted.newest)
            .or(self.newest)
    }

    pub(super) fn note(&mut self, event: &Event, id: EventId) {
        self.newest = Some(id);
        if let Some((step, visit)) = visit(event) {
            let key = (step.to_owned(), visit);
            match event {
                Event::StepCompleted(_) | Event::StepFailed(_) => self.visits.remove(&key),
                _ => self.visits.insert(key, id),
            };
        }
    }
}

fn visit(event: &Event) -> Option<(&str, u32)> {
    Some(match event {
        Event::StepStarted(e) => (&e.step, e.visit),
        Event::ActionStarted(e) => (&e.step, e.visit),
        Event::ActionCompleted(e) => (&e.step, e.visit),
        Event::ActionFailed(e) => (&e.step, e.visit),
        Event::RetryScheduled(e) => (&e.step, e.visit),
        Event::StepCompleted(e) => (&e.step, e.visit),
        Event::StepFailed(e) => (&e.step, e.visit),
        _ => return None,
    })
}
