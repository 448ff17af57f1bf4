//! Letting executions in: playbooks limit how many of their executions run at once, and how often they start.
//!
//! Who finds no place begins as queued, in a lane: the executions with the same key. The [`Doorkeeper`] lets the
//! first of a lane in when there may be a place: an execution of it ended, somebody joined it, a rate allows it. A
//! place is taken before an execution starts and given back after it ended; a process that dies in between leaves a
//! place behind, which is given back when somebody misses it, or by the sweep.
//!
//! Child executions are not counted: a parent that holds the last place would wait for a child that needs it.

mod doorkeeper;

pub(crate) use doorkeeper::Doorkeeper;

use crate::{Api, api::from_store};
use engine::Playbook;
use protocol::{ExecutionId, Problem, TaskError, Timestamp};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};
use store::QueueFilter;
use tokio::sync::{MutexGuard, Notify};

/// What the doorkeeper is told.
#[derive(Default)]
pub(crate) struct Gate {
    poked: Mutex<Poked>,
    woken: Notify,
    /// Held from counting who waits to being among them: no more than `max_queued` do.
    counting: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Poked {
    /// Where there may be a place, or somebody new.
    lanes: BTreeSet<String>,
    /// Executions that ended and may hold places.
    ended: Vec<ExecutionId>,
}

impl Gate {
    pub(crate) fn poke(&self, lane: String) {
        self.tell(|poked| {
            poked.lanes.insert(lane);
        });
    }

    pub(crate) fn ended(&self, id: ExecutionId) {
        self.tell(|poked| poked.ended.push(id));
    }

    fn tell(&self, what: impl FnOnce(&mut Poked)) {
        what(&mut self.poked.lock().unwrap_or_else(PoisonError::into_inner));
        self.woken.notify_one();
    }
}

/// Whether there is a place.
pub(super) enum Place {
    Taken,
    /// None now; where a rate says when there may be one, then.
    None {
        reason: &'static str,
        until: Option<Timestamp>,
    },
}

/// What a submission is told at the door.
pub(crate) enum Entry<'g> {
    /// Nobody is counted.
    Free,
    /// It holds a place.
    In,
    /// It has to wait in the lane.
    Wait { reason: &'static str, lane: String, _counted: Option<MutexGuard<'g, ()>> },
}

/// What executions of a playbook with this input are queued by; `None` when nothing limits them.
fn lane(playbook: &Playbook, input: &Value) -> Result<Option<String>, Problem> {
    let key = if playbook.concurrency().is_some() {
        playbook.concurrency_key(input)
    } else if playbook.rate().is_some() {
        playbook.rate_key(input)
    } else {
        return Ok(None);
    };
    key.map(Some).map_err(no_key)
}

fn no_key(error: TaskError) -> Problem {
    Problem::new(422, &error.code, "No key", error.message)
}

impl Api {
    /// Takes a place for a new execution, or says what it has to wait for. Whoever waits already goes first.
    ///
    /// # Errors
    /// 429 `queue_full`; 422 when the key cannot be rendered.
    pub(crate) async fn enter(
        &self,
        playbook: &Playbook,
        id: ExecutionId,
        input: &Value,
    ) -> Result<Entry<'_>, Problem> {
        let shared = self.shared();
        let Some(lane) = lane(playbook, input)? else { return Ok(Entry::Free) };
        let most = playbook.concurrency().and_then(|limit| limit.max_queued);
        let counted = if most.is_some() { Some(shared.gate.counting.lock().await) } else { None };
        let filter = QueueFilter { path: None, key: Some(lane.clone()) };
        let waiting = shared.store.queued_count(filter).await.map_err(from_store)?;
        let reason = if waiting > 0 {
            if playbook.concurrency().is_some() { CONCURRENCY } else { RATE }
        } else {
            match self.place(playbook, id, input).await? {
                Place::Taken => return Ok(Entry::In),
                Place::None { reason, .. } => reason,
            }
        };
        if most.is_some_and(|most| waiting >= u64::from(most)) {
            let detail = format!(
                "{waiting} executions of playbook `{}` wait already (key `{lane}`), as many as its `max_queued` \
                 allows; try again later",
                playbook.path()
            );
            return Err(Problem::new(429, "queue_full", "Queue full", detail).temporary());
        }
        Ok(Entry::Wait { reason, lane, _counted: counted })
    }

    /// Takes what the playbook's limits ask for, all or nothing.
    pub(super) async fn place(&self, playbook: &Playbook, id: ExecutionId, input: &Value) -> Result<Place, Problem> {
        let (store, now) = (&self.shared().store, self.shared().environment.now());
        if let Some(limit) = playbook.concurrency() {
            let key = playbook.concurrency_key(input).map_err(no_key)?;
            if !store.acquire(&key, id, limit.limit, now).await.map_err(from_store)? {
                return Ok(Place::None { reason: CONCURRENCY, until: None });
            }
        }
        if let Some(rate) = playbook.rate() {
            let key = playbook.rate_key(input).map_err(no_key)?;
            if let Err(until) = store.take_rate(&key, rate.limit, rate.per_ms, now).await.map_err(from_store)? {
                self.leave(id).await?;
                return Ok(Place::None { reason: RATE, until: Some(until) });
            }
        }
        Ok(Place::Taken)
    }

    /// Gives back the places of an execution that did not start.
    pub(crate) async fn leave(&self, id: ExecutionId) -> Result<(), Problem> {
        self.shared().store.release(id).await.map_err(from_store).map(drop)
    }
}

/// What queued executions wait for, as their events say it.
const CONCURRENCY: &str = "concurrency";
const RATE: &str = "rate";
