//! A decision on its way to the store, and what became of it: it is durable, somebody else was first, or the store
//! will not have it.

use super::{
    Driver, Letter, Slot, children,
    slot::{Flight, News},
};
use crate::patience::{self, Patience, if_made};
use engine::Input;
use protocol::{
    ExecutionId, Position, Problem, TaskError,
    task::{Logs, TaskOutcome},
};
use std::time::Instant;
use store::{Commit, Committed, StoreError};

impl Driver {
    pub(super) fn commit(&mut self, id: ExecutionId, commit: Commit) {
        let Some(slot) = self.slots.get_mut(&id) else { return };
        let letters = slot.in_flight.iter().flat_map(|flight| &flight.letters);
        // One that was queued and is let in is no submission any more.
        let is_submission = slot.state.event_count() == 0 && letters.into_iter().any(Letter::is_submission);
        slot.probe = is_submission.then(|| patience::probe(&commit));
        let (store, telemetry) = (self.store.clone(), self.telemetry.clone());
        self.commits.push(Box::pin(async move {
            let begun = Instant::now();
            // Whoever submits is told at once when the store is away. What has begun, a child among it, waits for it.
            let committed = match is_submission {
                true => store.commit(commit).await,
                false => patience::commit(store.as_ref(), commit).await,
            };
            telemetry.commit.observe(begun.elapsed());
            if let Ok(committed) = &committed {
                telemetry.committed(&committed.events);
            }
            (id, committed)
        }));
    }

    pub(super) fn committed(&mut self, id: ExecutionId, result: Result<Committed, StoreError>) {
        let Some(slot) = self.slots.get_mut(&id) else { return };
        let Some(mut flight) = slot.in_flight.take() else { return };
        let probe = slot.probe.take();
        match result {
            Ok(committed) => {
                flight.answer(&Ok(()));
                for envelope in committed.events.iter() {
                    slot.causes.note(&envelope.event, envelope.id);
                    slot.position = envelope.position.unwrap_or(slot.position);
                }
                slot.one_by_one = false;
                slot.state = flight.next;
                let is_stale = slot.is_stale();
                let wake_at = flight.wake_at.filter(|_| !slot.is_visited);
                self.timers.tick(id, slot.wake_at, wake_at);
                slot.wake_at = wake_at;
                for key in &flight.settled {
                    self.drop_task(key);
                }
                for (pool, task) in flight.run {
                    self.pools.run(pool, task);
                }
                self.hold(flight.held);
                for task in flight.children {
                    self.start_child(task);
                }
                self.wait(flight.queue);
                if is_stale {
                    self.reload(id);
                } else {
                    self.advance(id);
                }
            }
            Err(StoreError::Conflict { .. }) => {
                tracing::debug!(execution = %id, "somebody else moved this execution; loading it again");
                let (released, waiting) = flight.give_back(slot);
                self.reload(id);
                self.give_back(released);
                self.wait(waiting);
            }
            Err(StoreError::Refused(why)) => self.refused(id, flight, why),
            Err(error @ StoreError::Backend { temporary: true, .. }) if let Some(probe) = probe => {
                self.find_out(id, flight, probe, error);
            }
            Err(error) => {
                tracing::error!(execution = %id, %error, "a decision could not be committed");
                self.abandon(id, flight, error);
            }
        }
    }

    /// The store will never take this decision. Taken together, several inputs may be too large where each is
    /// not: they are decided one by one. A single report that cannot be stored becomes a failure that says so.
    fn refused(&mut self, id: ExecutionId, mut flight: Flight, why: String) {
        let Some(slot) = self.slots.get_mut(&id) else { return };
        match flight.letters.as_mut_slice() {
            [Letter::Input { input: Input::Report { report, .. }, .. }]
                if !slot.one_by_one || matches!(report.outcome, TaskOutcome::Completed { .. }) =>
            {
                tracing::warn!(task = %report.key, why, "a result cannot be stored");
                let message = format!(
                    "what the action returned, or what follows from it, cannot be stored: {why}; return less, \
                     put large data into a file and return its path"
                );
                report.outcome = TaskOutcome::Failed { error: TaskError::new("result_refused", message), result: None };
                report.logs = Logs::default();
            }
            [Letter::Input { input: Input::Report { report, .. }, reply }] => {
                // Not even the failure can be stored. Left alone, the execution would wait for ever.
                let reason = format!("what follows from the report of task {} cannot be stored: {why}", report.key);
                let input = Input::Terminate { reason, by: children::ENGINE.to_owned() };
                let reply = reply.take();
                flight.letters = vec![Letter::Input { input, reply }];
            }
            [_] => return self.abandon(id, flight, StoreError::Refused(why)),
            _ => {}
        }
        slot.one_by_one = true;
        let (released, waiting) = flight.give_back(slot);
        self.give_back(released);
        self.wait(waiting);
        self.advance(id);
    }

    /// The store failed while it took a submission: whoever waits is told at once, and whether it was taken all the same
    /// is found out when the store answers again.
    fn find_out(&mut self, id: ExecutionId, mut flight: Flight, probe: Commit, error: StoreError) {
        let Some(slot) = self.slots.get_mut(&id) else { return };
        let detail = format!(
            "{error}; try again later. Should the store have taken it all the same, execution {id} is in the list: with \
             an idempotency key nothing begins twice"
        );
        flight.answer(&Err(Problem::new(503, "store_unavailable", "Store unavailable", detail).temporary()));
        slot.in_flight = Some(flight);
        let store = self.store.clone();
        self.commits.push(Box::pin(async move { (id, if_made(store.as_ref(), probe, error).await) }));
    }

    /// Gives up on a decision: whoever asked is told, places are given back. What came after it is decided without it.
    fn abandon(&mut self, id: ExecutionId, mut flight: Flight, error: StoreError) {
        let child = TaskError::new("child_failed", format!("the child could not be started: {error}"));
        let told = Err(crate::api::from_store(error));
        flight.answer(&told);
        self.give_back(flight.run.iter().map(|(pool, _)| *pool).collect());
        if self.slots.get(&id).is_none_or(|slot| slot.state.event_count() > 0) {
            return self.advance(id);
        }
        for letter in self.slots.remove(&id).map(|slot| slot.mailbox).unwrap_or_default() {
            letter.answer(&told);
        }
        self.child_failed(id, child);
    }

    /// Reads an execution again, however long the store takes; what comes for it meanwhile waits.
    pub(super) fn reload(&mut self, id: ExecutionId) {
        let Some(slot) = self.slots.get_mut(&id) else { return };
        slot.reloading = true;
        // What was told by now is in the log, and will be read.
        slot.moved_to = Position(0);
        let (store, catalog, entry) = (self.store.clone(), self.catalog.clone(), slot.entry.clone());
        // No commit is under way: what is known here is the log up to there.
        let after = slot.position;
        self.reloads.push(Box::pin(async move {
            let mut patience = Patience::new();
            loop {
                match Slot::news(&store, &catalog, id, entry.clone(), after).await {
                    Err(problem) if patience.outlasts(&problem).await => {}
                    loaded => break (id, loaded),
                }
            }
        }));
    }

    pub(super) fn reloaded(&mut self, id: ExecutionId, loaded: Result<News, Problem>) {
        let Some(slot) = self.slots.get_mut(&id) else { return };
        match loaded {
            Ok(news) => {
                slot.take(news);
                if slot.is_stale() {
                    return self.reload(id);
                }
                slot.reloading = false;
                match slot.recovered.take() {
                    Some((found, tasks)) => {
                        let was_moved = slot.position > found;
                        self.recovered(id, tasks);
                        if was_moved {
                            self.read_tasks(id);
                        }
                    }
                    None => {
                        self.limit_child(id);
                        self.reconcile(id);
                    }
                }
                self.advance(id);
            }
            Err(problem) => {
                tracing::error!(execution = %id, %problem, "the execution cannot be read any more");
                let letters = self.slots.remove(&id).map(|slot| slot.mailbox).unwrap_or_default();
                for letter in letters {
                    letter.answer(&Err(problem.clone()));
                }
            }
        }
    }
}
