//! Executions of this server that were under way when it began, or that it took over.

use super::{Driver, Letter, Slot, children::PLAYBOOK};
use crate::patience::open_tasks;
use engine::Input;
use protocol::{ExecutionId, Task, TaskKey, Timestamp};
use std::{
    collections::{HashSet, hash_map::Entry},
    sync::Arc,
};
use store::StoredTask;

impl Driver {
    pub(super) fn recover(&mut self, slot: Slot, tasks: Vec<StoredTask>) {
        let id = slot.id();
        match self.slots.entry(id) {
            // While it was read, a command or another server may have moved it on, which nobody was told of: an execution
            // that has ended since, or a task that is settled, must not be gone on with.
            Entry::Vacant(vacant) => {
                vacant.insert(Slot { recovered: Some((slot.position, tasks)), ..slot });
                return self.reload(id);
            }
            // Somebody needed it before recovery came to it: a parent that starts its child again knows nothing of it.
            Entry::Occupied(mut held) if held.get().state.event_count() < slot.state.event_count() => {
                held.get_mut().take_state_of(slot);
                held.get_mut().is_visited = false;
            }
            Entry::Occupied(mut held) => held.get_mut().is_visited = false,
        }
        self.recovered(id, tasks);
    }

    /// Goes on with an execution whose state is up to date.
    pub(super) fn recovered(&mut self, id: ExecutionId, mut tasks: Vec<StoredTask>) {
        self.stop_unwanted(id);
        self.limit_child(id);
        let Some(slot) = self.slots.get(&id) else { return };
        tasks.retain(|stored| slot.state.is_open(&stored.task.key));
        self.take_up(tasks, self.environment.now());
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
                    // It came here from the server that was the owner until now.
                    Some(_) if self.pools.is_running(&task.key) => {}
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

    /// Children whose task was settled while nobody was there to cancel them: those that are here and that nobody here
    /// waits for are looked at. A child begins after its task is in the store, and what is settled is never open again.
    pub(super) fn look_for_orphans(&mut self) {
        for (parent, mut children) in self.unclaimed_children() {
            let store = self.store.clone();
            self.orphans.push(Box::pin(async move {
                match open_tasks(store.as_ref(), parent).await {
                    Ok(tasks) => {
                        let open: HashSet<TaskKey> = tasks.into_iter().map(|stored| stored.task.key).collect();
                        children.retain(|(_, task)| !open.contains(task));
                    }
                    Err(problem) => {
                        tracing::error!(%problem, execution = %parent, "what it waits for cannot be read");
                        children.clear();
                    }
                }
                (parent, children.into_iter().map(|(id, _)| id).collect())
            }));
        }
    }
}
