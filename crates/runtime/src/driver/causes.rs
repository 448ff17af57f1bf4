//! Which event led to which: `causation_id` of the execution log.
//!
//! Within a visit of a step each event is caused by the one before it, within an item of an iterator by that item's;
//! a new item by its iterator's last event, a new visit by whatever came last.

use foldhash::HashMap;
use protocol::{Event, EventId};

#[derive(Default)]
pub(super) struct Causes {
    /// The newest events of each live visit, by step and number.
    visits: HashMap<String, Vec<Visit>>,
    newest: Option<EventId>,
}

/// Of a step they are few, and stand in order.
struct Visit {
    number: u32,
    /// Of the visit itself.
    own: Option<EventId>,
    /// Of its items.
    items: HashMap<u32, EventId>,
}

impl Causes {
    /// The cause of an event, `drafted` being what the decision not yet committed noted so far.
    pub(super) fn of(&self, event: &Event, drafted: &Causes) -> Option<EventId> {
        // The last item ends an iterator.
        let place = place(event).filter(|_| !matches!(event, Event::IteratorCompleted(_)));
        let of = place.and_then(|(step, visit, item)| {
            let visits = [drafted.visit(step, visit), self.visit(step, visit)];
            let of_item =
                item.and_then(|item| visits.iter().flatten().find_map(|visit| visit.items.get(&item).copied()));
            of_item.or_else(|| visits.iter().flatten().find_map(|visit| visit.own))
        });
        of.or(drafted.newest).or(self.newest)
    }

    fn visit(&self, step: &str, visit: u32) -> Option<&Visit> {
        let visits = self.visits.get(step)?;
        visits.get(place_of(visits, visit).ok()?)
    }

    pub(super) fn note(&mut self, event: &Event, id: EventId) {
        self.newest = Some(id);
        let Some((step, visit, item)) = place(event) else { return };
        if matches!(event, Event::StepCompleted(_) | Event::StepFailed(_)) {
            if let Some(visits) = self.visits.get_mut(step) {
                if let Ok(at) = place_of(visits, visit) {
                    visits.remove(at);
                }
                if visits.is_empty() {
                    self.visits.remove(step);
                }
            }
            return;
        }
        let visits = match self.visits.get_mut(step) {
            Some(visits) => visits,
            None => self.visits.entry(step.to_owned()).or_default(),
        };
        let at = place_of(visits, visit).unwrap_or_else(|at| {
            visits.insert(at, Visit { number: visit, own: None, items: HashMap::default() });
            at
        });
        let visit = &mut visits[at];
        match item {
            Some(item) => drop(visit.items.insert(item, id)),
            None => visit.own = Some(id),
        }
    }
}

fn place_of(visits: &[Visit], number: u32) -> Result<usize, usize> {
    visits.binary_search_by_key(&number, |visit| visit.number)
}

/// The step, the visit and the item that an event is about.
fn place(event: &Event) -> Option<(&str, u32, Option<u32>)> {
    Some(match event {
        Event::StepStarted(e) => (&e.step, e.visit, None),
        Event::ActionStarted(e) => (&e.step, e.visit, e.item),
        Event::ActionCompleted(e) => (&e.step, e.visit, e.item),
        Event::ActionFailed(e) => (&e.step, e.visit, e.item),
        Event::RetryScheduled(e) => (&e.step, e.visit, e.item),
        Event::ApprovalRequested(e) => (&e.step, e.visit, None),
        Event::IteratorStarted(e) => (&e.step, e.visit, None),
        Event::IteratorCompleted(e) => (&e.step, e.visit, None),
        Event::StepCompleted(e) => (&e.step, e.visit, None),
        Event::StepFailed(e) => (&e.step, e.visit, None),
        _ => return None,
    })
}
