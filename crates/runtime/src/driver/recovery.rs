//! Executions of this server that were under way when it began, or that it took over.

use super::{Driver, Letter, Slot, children::PLAYBOOK};
use engine::Input;
use protocol::{Phase, Task, Timestamp};
use std::{collections::hash_map::Entry, sync::Arc};
use store::StoredTask;

impl Driver {
    pub(super) fn recover(&mut self, slot: Slot, tasks: Vec<StoredTask>) {
        let (id, now) = (slot.id(), self.environment.now());
        match self.slots.entry(id) {
            Entry::Vacant(vacant) => {
                vacant.insert(slot);
            }
            // Somebody needed it before recovery came to it: a parent that starts its child again knows nothing of it.
            Entry::Occupied(mut held) if held.get().state.event_count() < slot.state.event_count() => {
                held.get_mut().take_state_of(slot);
                held.get_mut().is_visited = false;
            }
            Entry::Occupied(mut held) => held.get_mut().is_visited = false,
        }
        self.take_up(tasks, now);
        // What became due meanwhile is due now; otherwise the answer tells when the next tick is.
        self.post(id, Letter::Input { input: Input::Tick, reply: None });
    }

    /// Tasks of an execution that is this server's, as the store has them.
    pub(super) fn take_up(&mut self, tasks: Vec<StoredTask>, now: Timestamp) {
        for StoredTask { task, due, claimed_by } in tasks {
            let task = Arc::new(task);
            if due > now && claimed_by.is_none() {
                self.timers.hold(task, due);
            } else if task.protocol == PLAYBOOK {
                // Made by a server that does not own the execution, it has begun and nobody has claimed its row.
                let has_begun =
                    self.slots.get(&task.key.execution_id).is_some_and(|slot| slot.state.is_claimed(&task.key));
                if claimed_by.is_some() || has_begun {
                    self.start_child(task);
                } else {
                    self.post(task.key.execution_id, Letter::Child(task));
                }
            } else {
                match claimed_by {
                    Some(worker) if *worker != *self.worker => self.lost(&task, worker, "the server was restarted"),
                    claimed_by => self.starts.extend(self.pools.enqueue(task, claimed_by.is_some())),
                }
            }
        }
    }

    fn lost(&mut self, task: &Task, worker: String, reason: &str) {
        let input = Input::Lost { key: task.key.clone(), worker, reason: reason.to_owned() };
        self.post(task.key.execution_id, Letter::Input { input, reply: None });
    }

    /// Children whose parent ended while nobody was there to cancel them.
    pub(super) fn look_for_orphans(&mut self) {
        for (id, task) in self.unclaimed_children() {
            let (store, parent) = (self.store.clone(), task.execution_id);
            if self.slots.get(&parent).is_some_and(|slot| slot.state.is_open(&task)) {
                continue;
            }
            self.orphans.push(Box::pin(async move {
                match store.execution(parent).await {
                    Ok(Some(detail)) => (detail.summary.status == Phase::Completed).then_some((id, parent)),
                    Ok(None) => Some((id, parent)),
                    Err(error) => {
                        tracing::error!(%error, child = %id, "its parent cannot be looked up");
                        None
                    }
                }
            }));
        }
    }
}
