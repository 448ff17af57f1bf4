//! Executions that are not this server's: decided here when a command or a report for them came here.
//!
//! A visit loads the execution, takes the letters, commits, and forgets it. The version decides against the owner,
//! and the owner sees in the log that somebody else moved it. What the decision leads to is the owner's to do.

use super::{Driver, Letter, Slot};
use crate::{
    api::from_store,
    catalog::Catalog,
    patience::{Patience, open_tasks},
};
use engine::Input;
use futures::{future::BoxFuture, stream::FuturesUnordered};
use protocol::{ExecutionId, Position, Problem, TaskReport};
use std::{
    collections::{HashMap, HashSet, VecDeque, hash_map::Entry},
    sync::Arc,
};
use store::{Store, StoredTask};

/// Executions of others that are kept as they were left, the newest: the next report or claim of one is decided without
/// reading its whole log again. Of a large one that is some megabytes.
const KEPT: usize = 32;
/// Executions that ended here and are remembered: reports of tasks that were stopped still come in.
const ENDED: usize = 8_192;

#[derive(Default)]
pub(super) struct Visits {
    /// What waits for an execution to be loaded; there as long as that is under way.
    letters: HashMap<ExecutionId, Vec<Letter>>,
    pub(super) loading: FuturesUnordered<BoxFuture<'static, Loaded>>,
    /// Tasks being read of executions that others moved.
    pub(super) tasks: FuturesUnordered<BoxFuture<'static, TasksRead>>,
    /// Executions whose tasks are being read; whether they are to be read once more then.
    reading: HashMap<ExecutionId, bool>,
    /// The newest last.
    kept: VecDeque<Slot>,
    ended: HashSet<ExecutionId>,
    ended_order: VecDeque<ExecutionId>,
}

pub(super) type TasksRead = (ExecutionId, Result<Vec<StoredTask>, Problem>);

/// An execution that was looked for.
pub(super) struct Loaded {
    id: ExecutionId,
    slot: Result<Slot, Problem>,
}

impl Visits {
    /// It ended here: what still comes for it comes too late.
    pub(super) fn ended(&mut self, id: ExecutionId) {
        if self.ended.insert(id) {
            self.ended_order.push_back(id);
        }
        if self.ended_order.len() > ENDED
            && let Some(oldest) = self.ended_order.pop_front()
        {
            self.ended.remove(&oldest);
        }
    }

    /// It was left: somebody else's, and nothing waits for it here.
    pub(super) fn keep(&mut self, slot: Slot) {
        if self.kept.len() >= KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(Slot { wake_at: None, ..slot });
    }

    fn take_kept(&mut self, id: ExecutionId) -> Option<Slot> {
        let at = self.kept.iter().position(|slot| slot.id() == id)?;
        self.kept.remove(at)
    }
}

impl Driver {
    /// A letter for an execution that is not here: it has ended, or is somebody else's.
    pub(super) fn visit(&mut self, id: ExecutionId, letter: Letter) {
        // Who waits for a report's answer wants to forget it, not to hear what it led to.
        let is_command = matches!(&letter, Letter::Input { input, reply: Some(_) }
            if !matches!(input, Input::Report { .. } | Input::Late { .. }));
        if !is_command && self.visits.ended.contains(&id) {
            return self.undeliverable(letter);
        }
        self.look_up(id);
        self.visits.letters.entry(id).or_default().push(letter);
    }

    pub(super) fn visited(&mut self, Loaded { id, slot }: Loaded) {
        let letters = self.visits.letters.remove(&id).unwrap_or_default();
        match slot {
            Ok(mut slot) => {
                slot.is_visited = true;
                // It may have been taken up meanwhile.
                self.slots.entry(id).or_insert(slot).mailbox.extend(letters);
                self.stop_unwanted(id);
                self.advance(id);
            }
            Err(problem) => {
                for letter in letters {
                    match letter {
                        Letter::Input { reply: Some(_), .. } => letter.answer(&Err(problem.clone())),
                        letter => self.undeliverable(letter),
                    }
                }
            }
        }
    }

    /// A reserved place is given back; a report came too late.
    fn undeliverable(&mut self, letter: Letter) {
        match letter {
            Letter::Claim { pool, .. } => self.give_back(vec![pool]),
            Letter::Input {
                input:
                    Input::Report { report: TaskReport { ref key, .. }, ref worker }
                    | Input::Late { ref key, ref worker, .. },
                ..
            } => {
                tracing::debug!(task = %key, worker, "a report came after the end of its execution");
                letter.answer(&Ok(()));
            }
            Letter::Input { .. } | Letter::Child(_) => {}
        }
    }

    /// The log holds these, each up to a position: often this server's own commits, read back.
    pub(super) fn moved(&mut self, moved: &[(ExecutionId, Position)]) {
        let running = self.pools.executions();
        for &(id, position) in moved {
            if self.slots.contains_key(&id) {
                self.load_again(id, position);
            } else if running.contains(&id) {
                // A task of somebody else's runs here: it may not be wanted any more.
                self.look_up(id);
            }
        }
    }

    /// Loads it, unless that is under way: an older state must not come behind a newer one.
    fn look_up(&mut self, id: ExecutionId) {
        if let Entry::Vacant(entry) = self.visits.letters.entry(id) {
            entry.insert(Vec::new());
            let (store, catalog) = (self.store.clone(), self.catalog.clone());
            let kept = self.visits.take_kept(id);
            self.visits.loading.push(Box::pin(async move {
                let slot = match kept {
                    Some(slot) => catch_up(store, slot).await,
                    None => load(store, catalog, id).await,
                };
                Loaded { id, slot }
            }));
        }
    }

    fn load_again(&mut self, id: ExecutionId, position: Position) {
        match self.slots.get_mut(&id) {
            Some(slot) if slot.is_visited || slot.position >= position => {}
            // It may be the commit under way that was read back, and what is being read may be from before: that is
            // known when it is through.
            Some(slot) if slot.reloading || slot.in_flight.is_some() => slot.moved_to = slot.moved_to.max(position),
            Some(_) => self.reload(id),
            None => {}
        }
    }

    /// After somebody else moved it: tasks that are no longer wanted stop, and new ones are looked for.
    pub(super) fn reconcile(&mut self, id: ExecutionId) {
        self.stop_unwanted(id);
        if self.slots.get(&id).is_some_and(|slot| !slot.is_visited) {
            self.read_tasks(id);
            self.post(id, Letter::Input { input: Input::Tick, reply: None });
        }
    }

    /// One reading at a time: others may move it often, and each reads all that is open.
    pub(super) fn read_tasks(&mut self, id: ExecutionId) {
        match self.visits.reading.entry(id) {
            Entry::Occupied(mut again) => {
                again.insert(true);
            }
            Entry::Vacant(entry) => {
                entry.insert(false);
                let store = self.store.clone();
                self.visits.tasks.push(Box::pin(async move { (id, open_tasks(store.as_ref(), id).await) }));
            }
        }
    }

    pub(super) fn stop_unwanted(&mut self, id: ExecutionId) {
        let known = self.pools.running_of(id).into_iter().chain(self.pools.waiting_of(id));
        for key in known.collect::<Vec<_>>() {
            if !self.slots.get(&id).is_some_and(|slot| slot.state.is_open(&key)) {
                self.drop_task(&key);
            }
        }
        self.cancel_unwanted_children(id);
    }

    /// The tasks an execution of this server has, somebody else's additions among them. Those that wait or run here
    /// already are passed over.
    pub(super) fn tasks_read(&mut self, id: ExecutionId, tasks: Result<Vec<StoredTask>, Problem>) {
        match tasks {
            Ok(mut tasks) => {
                tasks.retain(|stored| stored.claimed_by.is_none());
                if self.slots.get(&id).is_some_and(|slot| !slot.is_visited) {
                    self.take_up(tasks, self.environment.now());
                }
            }
            Err(error) => tracing::error!(execution = %id, %error, "its tasks cannot be read"),
        }
        if self.visits.reading.remove(&id) == Some(true) {
            self.read_tasks(id);
        }
    }

    /// Executions that are in the store as this server's, as far as is known here.
    pub(super) fn held(&self) -> HashSet<ExecutionId> {
        let is_held = |slot: &&Slot| !slot.is_visited && slot.state.event_count() > 0;
        self.slots.values().filter(is_held).map(Slot::id).collect()
    }

    /// What was `held` before the store was asked what is `ours`, and is not, was taken over by others while this server
    /// could not be heard.
    pub(super) fn keep(&mut self, held: &HashSet<ExecutionId>, ours: &HashSet<ExecutionId>) {
        for &id in held.difference(ours) {
            let Some(slot) = self.slots.get_mut(&id) else { continue };
            slot.is_visited = true;
            self.timers.tick(id, slot.wake_at.take(), None);
            self.settle_down(id);
        }
    }

    /// Tasks of other servers' executions, for which there may be a place here.
    pub(super) fn offered(&mut self, tasks: Vec<StoredTask>) {
        for StoredTask { task, .. } in tasks {
            if self.slots.get(&task.key.execution_id).is_some_and(|slot| !slot.is_visited) {
                continue;
            }
            let Some((pool, _)) = self.pools.reserve(&task.protocol) else { continue };
            let id = task.key.execution_id;
            self.post(id, Letter::Claim { pool, task: Arc::new(task) });
        }
    }
}

/// What others did to it since it was here.
async fn catch_up(store: Arc<dyn Store>, mut slot: Slot) -> Result<Slot, Problem> {
    let mut patience = Patience::new();
    loop {
        match slot.follow(&store).await.map_err(from_store) {
            Err(problem) if patience.outlasts(&problem).await => {}
            followed => return followed.map(|()| slot),
        }
    }
}

async fn load(store: Arc<dyn Store>, catalog: Arc<Catalog>, id: ExecutionId) -> Result<Slot, Problem> {
    let mut patience = Patience::new();
    loop {
        match try_load(&store, &catalog, id).await {
            Err(problem) if patience.outlasts(&problem).await => {}
            loaded => return loaded,
        }
    }
}

async fn try_load(store: &Arc<dyn Store>, catalog: &Catalog, id: ExecutionId) -> Result<Slot, Problem> {
    let detail = store.execution(id).await.map_err(from_store)?;
    let summary = detail.ok_or_else(|| Problem::not_found("execution", id, "look in the list of executions"))?.summary;
    let entry = catalog.entry(&summary.path, summary.version).await?;
    Slot::load(store, id, entry).await.map_err(from_store)
}
