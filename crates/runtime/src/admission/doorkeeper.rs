//! The task that lets waiting executions in.

use super::{Place, Poked};
use crate::{Api, api::from_store, driver::Message};
use engine::{Input, Reuse};
use protocol::{Event, ExecutionId, Position, Problem, Timestamp, event::ExecutionQueued};
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
    time::Duration,
};
use store::{QueueFilter, QueuedExecution};

/// How often places that nobody gave back are looked for, and every lane is looked at without a reason.
const SWEEP: Duration = Duration::from_secs(30);
/// A place this old whose execution is not there was left by a process that died before it could start it.
const UNBORN_MS: i64 = 60_000;
/// The clock is looked at this often while a rate is waited for: it may have been set.
const LOOK: Duration = Duration::from_secs(1);
/// Pause after the store could not be used.
const RETRY: Duration = Duration::from_secs(1);

pub(crate) struct Doorkeeper {
    api: Api,
    /// Lanes that wait for a rate.
    timers: BTreeMap<String, Timestamp>,
    swept_at: Timestamp,
}

impl Doorkeeper {
    pub(crate) fn new(api: Api) -> Self {
        let swept_at = api.shared().environment.now();
        Self { api, timers: BTreeMap::new(), swept_at }
    }

    /// Lets executions in until it is dropped. Dropping it at any moment loses nothing: places are found again.
    /// `takes_up`: those that waited before this process began, too.
    pub(crate) async fn run(mut self, takes_up: bool) {
        if takes_up {
            self.poke_all().await;
        }
        loop {
            let poked = std::mem::take(&mut *self.poked());
            self.work(poked, takes_up).await;
            self.wait().await;
        }
    }

    fn poked(&self) -> std::sync::MutexGuard<'_, Poked> {
        self.api.shared().gate.poked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn wait(&self) {
        let shared = self.api.shared();
        let now = shared.environment.now();
        let until = |at: &Timestamp| Duration::from_millis(at.ms_since(now)).min(LOOK);
        let pause = self.timers.values().min().map_or(SWEEP, until);
        tokio::select! {
            () = shared.gate.woken.notified() => {}
            () = shared.environment.sleep(pause) => {}
        }
    }

    async fn work(&mut self, poked: Poked, sweeps: bool) {
        let shared = self.api.shared();
        let now = shared.environment.now();
        let mut lanes = poked.lanes;
        for id in poked.ended {
            match shared.store.release(id).await {
                Ok(keys) => lanes.extend(keys),
                Err(error) => {
                    tracing::error!(%error, execution = %id, "its place cannot be given back yet");
                    shared.gate.ended(id);
                    shared.environment.sleep(RETRY).await;
                }
            }
        }
        let due = self.timers.extract_if(.., |_, at| *at <= now).map(|(lane, _)| lane);
        lanes.extend(due);
        if sweeps && now.ms_since(self.swept_at) >= SWEEP.as_millis() as u64 {
            self.swept_at = now;
            match shared.store.sweep_permits(Timestamp(now.0 - UNBORN_MS)).await {
                Ok(keys) => lanes.extend(keys),
                Err(error) => tracing::error!(%error, "places cannot be swept"),
            }
            self.poke_all().await;
        }
        for lane in lanes {
            match self.let_in(&lane).await {
                Ok(Some(until)) => {
                    self.timers.insert(lane, until);
                }
                Ok(None) => {}
                Err(problem) => {
                    tracing::error!(%problem, lane, "nobody can be let in; trying again");
                    let again = self.api.shared().environment.now().plus_ms(RETRY.as_millis() as u64);
                    self.timers.insert(lane, again);
                }
            }
        }
    }

    async fn poke_all(&self) {
        match self.api.shared().store.queues().await {
            Ok(queues) => queues.into_iter().filter_map(|(_, _, key, _)| key).for_each(|lane| {
                self.api.shared().gate.poke(lane);
            }),
            Err(error) => tracing::error!(%error, "the queues cannot be read"),
        }
    }

    /// Lets in as many of a lane as there are places for; when a rate allows the next.
    async fn let_in(&self, lane: &str) -> Result<Option<Timestamp>, Problem> {
        let shared = self.api.shared();
        let mut last = None;
        let mut has_looked = false;
        loop {
            let filter = QueueFilter { path: None, key: Some(lane.to_owned()) };
            let Some(first) = shared.store.queued(filter, 1).await.map_err(from_store)?.pop() else { return Ok(None) };
            if last == Some(first.execution_id) {
                return Err(Problem::internal(format!("execution {} does not leave its queue", first.execution_id)));
            }
            let id = first.execution_id;
            match self.try_first(first).await {
                Ok(Place::Taken) => last = Some(id),
                Ok(Place::None { until: Some(until), .. }) => return Ok(Some(until)),
                // Somebody may have died before giving a place back.
                Ok(Place::None { until: None, .. }) if !has_looked => {
                    has_looked = true;
                    if shared.store.release_ended(lane).await.map_err(from_store)? == 0 {
                        return Ok(None);
                    }
                }
                Ok(Place::None { until: None, .. }) => return Ok(None),
                Err(problem) if problem.temporary => return Err(problem),
                Err(problem) => {
                    self.give_up(id, &problem).await?;
                    last = Some(id);
                }
            }
        }
    }

    /// Starts the first of a lane, if there is a place.
    async fn try_first(&self, first: QueuedExecution) -> Result<Place, Problem> {
        let catalog = &self.api.shared().catalog;
        let entry = catalog.entry(&first.path, Some(first.playbook_version)).await?;
        let Some(queued) = self.queued(&first).await? else {
            return Ok(Place::None { reason: super::CONCURRENCY, until: None });
        };
        // Before a place is taken: it is no use to one that has nothing to take over.
        let reuse = match &queued.origin.rerun {
            None => None,
            Some(rerun) => Some(self.api.reuse_of(&entry.playbook, rerun).await?),
        };
        let place = self.api.place(&entry.playbook, first.execution_id, &queued.input).await?;
        if matches!(place, Place::Taken) {
            self.start(first.execution_id, queued, reuse).await?;
        }
        Ok(place)
    }

    /// What it was submitted with: its first event.
    async fn queued(&self, first: &QueuedExecution) -> Result<Option<ExecutionQueued>, Problem> {
        let store = &self.api.shared().store;
        let mut events = store.execution_events(first.execution_id, Position(0), 1).await.map_err(from_store)?;
        store.hydrate(&mut events).await.map_err(from_store)?;
        Ok(events.into_iter().find_map(|envelope| match envelope.event {
            Event::ExecutionQueued(queued) => Some(queued),
            _ => None,
        }))
    }

    async fn start(&self, id: ExecutionId, queued: ExecutionQueued, reuse: Option<Arc<Reuse>>) -> Result<(), Problem> {
        let ExecutionQueued { path, version, input, origin, .. } = queued;
        let input = Input::Start { path, version, input, origin, reuse };
        let shared = self.api.shared();
        let told = shared.driver.ask(|reply| Message::Tell { id, input, reply }).await;
        // It may have been cancelled meanwhile; a place that is not needed goes to the next.
        let is_needed = told.is_ok() && self.api.execution(id).await?.summary.outcome.is_none();
        if !is_needed {
            self.api.leave(id).await?;
        }
        told
    }

    /// One that can never start (its playbook cannot be read by this version, its start is more than the store takes) must
    /// not stop the others of its lane.
    async fn give_up(&self, id: ExecutionId, problem: &Problem) -> Result<(), Problem> {
        tracing::error!(execution = %id, %problem, "a queued execution cannot be let in");
        let input = Input::Terminate { reason: format!("it cannot be let in: {problem}"), by: "engine".to_owned() };
        self.api.shared().driver.ask(|reply| Message::Tell { id, input, reply }).await
    }
}
