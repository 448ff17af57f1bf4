//! Reading from an execution's log what a rerun of it can take over.

use super::{Reuse, Reused};
use crate::Playbook;
use protocol::{
    Event, ExecutionId, Outcome, TaskError,
    event::{ExecutionComplete, Transition},
};
use serde_json::Value;
use std::{
    borrow::Borrow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What a rerun of `of` can take over: the results of the steps that completed there, but for the step `from` and
/// every step that it leads to. `events` is the whole log of `of`, in order; `playbook` the version that will run.
///
/// Without `from`: of one that failed or was cancelled, everything that completed, so that it goes on where it
/// stopped; of one that completed, nothing. What cleaned up after a cancellation is never taken over.
///
/// # Errors
/// `not_ended`: it still runs. `unknown_step`: the playbook has no step `from`. `step_not_reached`: `of` never came
/// to it.
pub fn reuse_from<E: Borrow<Event>>(
    playbook: &Playbook,
    of: ExecutionId,
    events: impl IntoIterator<Item = E>,
    from: Option<&str>,
) -> Result<Reuse, TaskError> {
    let mut seen = Seen::default();
    for event in events {
        seen.event(event.borrow());
    }
    let Some(end) = seen.end else {
        let message = format!("execution `{of}` has not ended: wait for its end or cancel it, then run it again");
        return Err(TaskError::new("not_ended", message));
    };
    let mut results = seen.results;
    let from = match from {
        Some(step) => {
            let index = playbook.index_of(step).ok_or_else(|| {
                let message = format!("playbook `{}` has no step `{step}` to run again from", playbook.path());
                TaskError::new("unknown_step", message)
            })?;
            if index != playbook.start() && !seen.reached.contains(step) {
                let message = format!("execution `{of}` never came to step `{step}`: there is nothing to run again");
                return Err(TaskError::new("step_not_reached", message));
            }
            let leads_to = |other: usize| other == index || playbook.topology().leads(index, other);
            results.retain(|(name, _), _| playbook.index_of(name).is_some_and(|other| !leads_to(other)));
            Some(step.to_owned())
        }
        None if end == Outcome::Completed => {
            results.clear();
            None
        }
        None => seen.failed,
    };
    Ok(Reuse { of, from, results })
}

/// A visit that has begun and not ended.
struct UnderWay {
    input: Arc<Value>,
    /// What its action came to.
    result: Option<Arc<Value>>,
}

/// What the log has told so far.
#[derive(Default)]
struct Seen {
    under_way: BTreeMap<(String, u32), UnderWay>,
    results: BTreeMap<(String, u32), Reused>,
    reached: BTreeSet<String>,
    /// The first step that failed for good.
    failed: Option<String>,
    is_cancelled: bool,
    end: Option<Outcome>,
}

impl Seen {
    fn event(&mut self, event: &Event) {
        if let Event::ExecutionComplete(ExecutionComplete { outcome, .. }) = event {
            self.end = Some(*outcome);
        }
        if self.is_cancelled {
            return;
        }
        match event {
            Event::ExecutionStart(event) => self.arcs(&event.arcs),
            Event::ExecutionCancelled(_) => self.is_cancelled = true,
            Event::StepStarted(event) => {
                self.reached.insert(event.step.clone());
                self.under_way
                    .insert((event.step.clone(), event.visit), UnderWay { input: event.input.clone(), result: None });
            }
            Event::ActionCompleted(event) if event.part.is_action() && event.item.is_none() => {
                self.came_to(&event.step, event.visit, &event.result);
            }
            // A step that only saves has no other result.
            Event::ActionCompleted(event) if event.item.is_none() && self.has_no_result(&event.step, event.visit) => {
                self.came_to(&event.step, event.visit, &event.result);
            }
            Event::IteratorCompleted(event) => self.came_to(&event.step, event.visit, &event.result),
            Event::StepCompleted(event) => {
                let key = (event.step.clone(), event.visit);
                if let Some(UnderWay { input, result: Some(result) }) = self.under_way.remove(&key) {
                    self.results.insert(key, Reused { input, result });
                }
                self.arcs(&event.arcs);
            }
            Event::StepReused(event) => {
                self.reached.insert(event.step.clone());
                let reused = Reused { input: event.input.clone(), result: event.result.clone() };
                self.results.insert((event.step.clone(), event.visit), reused);
                self.arcs(&event.arcs);
            }
            Event::StepFailed(event) => {
                self.reached.insert(event.step.clone());
                self.under_way.remove(&(event.step.clone(), event.visit));
                if self.failed.is_none() && !event.arcs.iter().any(|arc| arc.taken) {
                    self.failed = Some(event.step.clone());
                }
                self.arcs(&event.arcs);
            }
            _ => {}
        }
    }

    fn has_no_result(&self, step: &str, visit: u32) -> bool {
        self.under_way.get(&(step.to_owned(), visit)).is_some_and(|visit| visit.result.is_none())
    }

    fn came_to(&mut self, step: &str, visit: u32, result: &Arc<Value>) {
        if let Some(of_visit) = self.under_way.get_mut(&(step.to_owned(), visit)) {
            of_visit.result = Some(result.clone());
        }
    }

    fn arcs(&mut self, arcs: &[Transition]) {
        for arc in arcs.iter().filter(|arc| arc.taken) {
            self.reached.insert(arc.to.clone());
        }
    }
}
