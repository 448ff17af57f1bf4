//! The driver: one task that owns every active execution and takes each input through the one loop:
//! load → evaluate → commit → hand out.
//!
//! - One commit at a time per execution; inputs that arrive meanwhile wait in its mailbox and are decided
//!   together in the next one. Commits of different executions run at once and share the store's transactions.
//! - Nothing is handed out, answered or thrown away before the commit that says so is durable.
//! - A task for a free local provider is claimed in the commit that creates it; others wait in their pool's queue.

mod causes;
mod children;
mod draft;
mod executor;
mod inbox;
mod opening;
mod pools;
mod slot;
mod timers;
mod visits;

pub(crate) use executor::{Done, Executor, Lost};
pub(crate) use inbox::{DriverHandle, Message, channel};
pub(crate) use pools::PoolId;
pub(crate) use slot::Slot;

use crate::{Environment, admission::Gate, catalog::Catalog, credentials::Vault};
use children::{Children, PLAYBOOK};
use draft::Draft;
use engine::Input;
use executor::Local;
use futures::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use opening::Opening;
use pools::{Ended, Finished, Pools, Start};
use protocol::{
    ExecutionId, Phase, Problem, Task, TaskError, Timestamp,
    task::{Logs, TaskOutcome},
};
use slot::{Flight, Letter};
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
    time::Duration,
};
use store::{Commit, Committed, Store, StoreError, StoredTask};
use timers::Timers;
use tokio::sync::{mpsc, oneshot};
use visits::Visits;
use worker::Provider;

/// Longest pause between two tries of a commit that the store could not take for now.
const RETRY_CAP: Duration = Duration::from_secs(5);
/// How long a shutdown waits for cancelled tasks to let go of what they hold.
const STOP_GRACE: Duration = Duration::from_secs(2);
/// The clock is looked at this often while something is due later: it may have been set.
const LOOK: Duration = Duration::from_secs(1);

/// What a driver is made of.
pub(crate) struct DriverParts {
    /// Is told who may hold a place of those limited together, and ended.
    pub(crate) gate: Arc<Gate>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) environment: Arc<dyn Environment>,
    pub(crate) providers: Vec<Arc<dyn Provider>>,
    pub(crate) vault: Arc<Vault>,
    /// This server among those on the store. Its providers are the worker `server/local`.
    pub(crate) server: Arc<str>,
}

/// An execution that was read again; `None`: it is not there any more.
type Reloaded = (ExecutionId, Result<Option<Slot>, StoreError>);

pub(crate) struct Driver {
    gate: Arc<Gate>,
    store: Arc<dyn Store>,
    catalog: Arc<Catalog>,
    environment: Arc<dyn Environment>,
    vault: Arc<Vault>,
    server: Arc<str>,
    /// What events name as the worker of this process's providers.
    worker: Arc<str>,
    slots: HashMap<ExecutionId, Slot>,
    pools: Pools,
    timers: Timers,
    children: Children,
    commits: FuturesUnordered<BoxFuture<'static, (ExecutionId, Result<Committed, StoreError>)>>,
    reloads: FuturesUnordered<BoxFuture<'static, Reloaded>>,
    visits: Visits,
    /// Children whose parent has ended, as the store says.
    orphans: FuturesUnordered<BoxFuture<'static, Option<(ExecutionId, ExecutionId)>>>,
}

/// When to look at the timers, and the sleep until then.
type Alarm = Option<(Timestamp, BoxFuture<'static, ()>)>;

impl Driver {
    pub(crate) fn new(parts: DriverParts) -> Self {
        let DriverParts { gate, store, catalog, environment, providers, vault, server } = parts;
        let worker: Arc<str> = Arc::from(format!("{server}/local"));
        let mut pools = Pools::default();
        for provider in providers {
            // Nothing waits yet, so nothing starts.
            let local = Arc::new(Local { provider, name: worker.clone() });
            let _ = pools.join(Opening::around(local, &vault, &store));
        }
        Self {
            gate,
            store,
            catalog,
            environment,
            vault,
            server,
            worker,
            slots: HashMap::new(),
            pools,
            timers: Timers::default(),
            children: Children::default(),
            commits: FuturesUnordered::new(),
            reloads: FuturesUnordered::new(),
            visits: Visits::default(),
            orphans: FuturesUnordered::new(),
        }
    }

    /// Drives until told to shut down or until every sender is gone.
    pub(crate) async fn run(mut self, mut inbox: mpsc::Receiver<Message>) {
        let mut answer = None;
        let mut alarm: Alarm = None;
        loop {
            self.set(&mut alarm);
            tokio::select! {
                Some((id, result)) = self.commits.next(), if !self.commits.is_empty() => self.committed(id, result),
                Some(finished) = self.pools.finished() => self.finished(finished),
                Some((id, slot)) = self.reloads.next(), if !self.reloads.is_empty() => self.reloaded(id, slot),
                Some(found) = self.children.starts.next(), if !self.children.starts.is_empty() => self.child_found(found),
                Some(found) = self.visits.loading.next(), if !self.visits.loading.is_empty() => self.visited(found),
                Some((id, tasks)) = self.visits.tasks.next(), if !self.visits.tasks.is_empty() => self.tasks_read(id, tasks),
                Some(orphan) = self.orphans.next(), if !self.orphans.is_empty() => {
                    if let Some((id, parent)) = orphan {
                        self.cancel_orphan(id, parent);
                    }
                }
                () = ring(&mut alarm) => {
                    alarm = None;
                    self.due();
                }
                message = inbox.recv() => match message {
                    Some(Message::Shutdown(reply)) => {
                        answer = Some(reply);
                        break;
                    }
                    Some(message) => self.received(message),
                    None => break,
                },
            }
        }
        self.stop(inbox).await;
        if let Some(answer) = answer {
            let _ = answer.send(());
        }
    }

    /// Commits under way finish; tasks under way are stopped and stay open: the next start takes them up.
    async fn stop(mut self, mut inbox: mpsc::Receiver<Message>) {
        inbox.close();
        while let Some(message) = inbox.recv().await {
            message.refuse(stopping());
        }
        while let Some((id, result)) = self.commits.next().await {
            if let Some(mut flight) = self.slots.get_mut(&id).and_then(|slot| slot.in_flight.take()) {
                flight.answer(&result.map(|_| ()).map_err(crate::api::from_store));
            }
        }
        for letter in self.slots.values_mut().flat_map(|slot| slot.mailbox.drain(..)) {
            letter.answer(&Err(stopping()));
        }
        self.pools.stop(STOP_GRACE).await;
    }

    /// Sleeps until the first timer, and no longer than [`LOOK`].
    fn set(&self, alarm: &mut Alarm) {
        let next = self.timers.next();
        if alarm.as_ref().map(|(at, _)| *at) == next {
            return;
        }
        *alarm = next.map(|at| {
            let ms = u64::try_from(at.0.saturating_sub(self.environment.now().0)).unwrap_or_default();
            (at, self.environment.sleep(Duration::from_millis(ms).min(LOOK)))
        });
    }

    fn due(&mut self) {
        let due = self.timers.due(self.environment.now());
        for id in due.ticks {
            if let Some(slot) = self.slots.get_mut(&id) {
                slot.wake_at = None;
            }
            self.post(id, Letter::Input { input: Input::Tick, reply: None });
        }
        let (children, tasks) = due.tasks.into_iter().partition(|task| task.protocol == PLAYBOOK);
        self.wait(tasks);
        for task in children {
            self.post(task.key.execution_id, Letter::Child(task));
        }
    }

    fn received(&mut self, message: Message) {
        match message {
            Message::Submit { id, entry, first, reply } => {
                self.slots.insert(id, Slot::new(id, entry));
                self.post(id, Letter::Input { input: first, reply: Some(reply) });
            }
            Message::Tell { id, input, reply } => self.post(id, Letter::Input { input, reply: Some(reply) }),
            Message::Note { id, input } => self.post(id, Letter::Input { input, reply: None }),
            Message::Recover { slot, tasks } => self.recover(*slot, tasks),
            Message::Recovered => self.look_for_orphans(),
            Message::Join { executor, reply } => {
                let (pool, starts) = self.pools.join(Opening::around(executor, &self.vault, &self.store));
                // Whoever joined may have gone.
                let _ = reply.send(pool);
                self.start(starts);
            }
            Message::Leave(pool) => self.pools.leave(pool),
            Message::Moved(ids) => self.moved(&ids),
            Message::Keep(ours) => self.keep(&ours),
            Message::Free(reply) => {
                // Whoever asked may have gone.
                let _ = reply.send(self.pools.free());
            }
            Message::Offered(reply) => {
                let _ = reply.send(self.pools.offered());
            }
            Message::Offer(tasks) => self.offered(tasks),
            Message::Shutdown(reply) => {
                let _ = reply.send(());
            }
        }
    }

    fn recover(&mut self, slot: Slot, tasks: Vec<StoredTask>) {
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
    fn take_up(&mut self, tasks: Vec<StoredTask>, now: Timestamp) {
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
                    claimed_by => {
                        let starts = self.pools.enqueue(task, claimed_by.is_some());
                        self.start(starts);
                    }
                }
            }
        }
    }

    fn lost(&mut self, task: &Task, worker: String, reason: &str) {
        let input = Input::Lost { key: task.key.clone(), worker, reason: reason.to_owned() };
        self.post(task.key.execution_id, Letter::Input { input, reply: None });
    }

    /// Children whose parent ended while nobody was there to cancel them.
    fn look_for_orphans(&mut self) {
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

    fn post(&mut self, id: ExecutionId, letter: Letter) {
        match self.slots.get_mut(&id) {
            Some(slot) => slot.mailbox.push_back(letter),
            None => return self.visit(id, letter),
        }
        self.advance(id);
    }

    /// Decides what is in the mailbox, unless a commit of this execution is under way.
    fn advance(&mut self, id: ExecutionId) {
        let Some(slot) = self.slots.get_mut(&id) else { return };
        if slot.in_flight.is_some() || slot.reloading {
            return;
        }
        let mut draft = Draft::decide(slot, &mut self.pools, &self.server, self.environment.as_ref());
        for (letter, problem) in draft.refused {
            letter.answer(&Err(problem));
        }
        match draft.commit {
            Some(commit) => {
                let with_start = draft.flight.letters.iter().any(Letter::is_first);
                slot.in_flight = Some(draft.flight);
                let store = self.store.clone();
                self.commits.push(Box::pin(async move { (id, commit_until(store, commit, !with_start).await) }));
            }
            None => {
                draft.flight.answer(&Ok(()));
                let wake_at = draft.flight.wake_at.filter(|_| !slot.is_visited);
                self.timers.tick(id, slot.wake_at, wake_at);
                slot.wake_at = wake_at;
                let queue = draft.flight.queue;
                self.wait(queue);
                self.settle_down(id);
            }
        }
        self.give_back(draft.released);
    }

    /// Forgets an execution that has ended and has nothing to do any more; a child's task is told.
    fn settle_down(&mut self, id: ExecutionId) {
        let ended = |slot: &Slot| {
            let is_idle = slot.mailbox.is_empty() && slot.in_flight.is_none() && !slot.reloading;
            is_idle && (slot.is_visited || slot.state.phase() == Phase::Completed || slot.state.event_count() == 0)
        };
        if self.slots.get(&id).is_some_and(ended)
            && let Some(slot) = self.slots.remove(&id)
        {
            self.timers.tick(id, slot.wake_at, None);
            if slot.state.phase() == Phase::Completed {
                self.visits.ended(id);
                if slot.entry.playbook.concurrency().is_some() {
                    self.gate.ended(id);
                }
                self.child_ended(&slot.state);
            }
        }
    }

    fn give_back(&mut self, places: Vec<PoolId>) {
        for pool in places {
            let starts = self.pools.release(pool);
            self.start(starts);
        }
    }

    /// Lets tasks nobody has claimed wait for a place.
    fn wait(&mut self, tasks: Vec<Arc<Task>>) {
        for task in tasks {
            let starts = self.pools.enqueue(task, false);
            self.start(starts);
        }
    }

    fn committed(&mut self, id: ExecutionId, result: Result<Committed, StoreError>) {
        let Some(slot) = self.slots.get_mut(&id) else { return };
        let Some(mut flight) = slot.in_flight.take() else { return };
        match result {
            Ok(committed) => {
                flight.answer(&Ok(()));
                for envelope in committed.events.iter() {
                    slot.causes.note(&envelope.event, envelope.id);
                }
                slot.one_by_one = false;
                slot.state = flight.next;
                let wake_at = flight.wake_at.filter(|_| !slot.is_visited);
                self.timers.tick(id, slot.wake_at, wake_at);
                slot.wake_at = wake_at;
                for key in &flight.settled {
                    self.pools.cancel(key);
                    self.cancel_child(key);
                }
                for (pool, task) in flight.run {
                    self.pools.run(pool, task);
                }
                for (task, due) in flight.held {
                    self.timers.hold(task, due);
                }
                for task in flight.children {
                    self.start_child(task);
                }
                self.wait(flight.queue);
                self.advance(id);
            }
            Err(StoreError::Conflict { .. }) => {
                tracing::debug!(execution = %id, "somebody else moved this execution; loading it again");
                let (released, waiting) = flight.give_back(slot);
                slot.reloading = true;
                let (store, catalog, entry) = (self.store.clone(), self.catalog.clone(), slot.entry.clone());
                self.reloads
                    .push(Box::pin(async move { (id, Slot::reload(store, catalog, id, entry).await.map(Some)) }));
                self.give_back(released);
                self.wait(waiting);
            }
            Err(StoreError::Refused(why)) => self.refused(id, flight, why),
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

    /// Gives up on a decision: whoever asked is told, places are given back.
    fn abandon(&mut self, id: ExecutionId, mut flight: Flight, error: StoreError) {
        let child = TaskError::new("child_failed", format!("the child could not be started: {error}"));
        flight.answer(&Err(crate::api::from_store(error)));
        if self.slots.get(&id).is_some_and(|slot| slot.state.event_count() == 0) {
            self.slots.remove(&id);
            self.child_failed(id, child);
        }
        self.give_back(flight.run.iter().map(|(pool, _)| *pool).collect());
    }

    fn reloaded(&mut self, id: ExecutionId, loaded: Result<Option<Slot>, StoreError>) {
        let Some(slot) = self.slots.get_mut(&id) else { return };
        match loaded {
            Ok(Some(fresh)) => {
                slot.take_state_of(fresh);
                slot.reloading = false;
                self.reconcile(id);
                self.advance(id);
            }
            Ok(None) => {
                self.slots.remove(&id);
            }
            Err(error) => {
                tracing::error!(execution = %id, %error, "the execution could not be loaded again");
                self.slots.remove(&id);
            }
        }
    }

    fn finished(&mut self, Finished { pool, key, worker, outcome }: Finished) {
        let (id, worker) = (key.execution_id, worker.to_string());
        let (input, reply) = match outcome {
            Ok(Ended { report, receipt }) => (Input::Report { report, worker }, receipt),
            Err(Lost { reason }) => (Input::Lost { key, worker, reason }, None),
        };
        self.post(id, Letter::Input { input, reply });
        self.give_back(vec![pool]);
    }

    /// Tasks that got a place: those claimed before a restart run at once, the others are claimed first.
    fn start(&mut self, starts: Vec<Start>) {
        for Start { pool, task, claimed } in starts {
            let id = task.key.execution_id;
            let is_open = self.slots.get(&id).is_some_and(|slot| slot.state.is_open(&task.key));
            match (is_open, claimed) {
                (false, _) => self.give_back(vec![pool]),
                (true, true) => self.pools.run(pool, task),
                (true, false) => self.post(id, Letter::Claim { pool, task }),
            }
        }
    }
}

/// Resolves when the alarm is over; never without one.
async fn ring(alarm: &mut Alarm) {
    match alarm {
        Some((_, sleep)) => sleep.await,
        None => std::future::pending().await,
    }
}

/// Commits, trying again while the store cannot take it (disk full, input or output errors …). Whoever waits for the answer to
/// a start is told at once instead: nothing is lost by that.
async fn commit_until(store: Arc<dyn Store>, commit: Commit, patient: bool) -> Result<Committed, StoreError> {
    if !patient {
        return store.commit(commit).await;
    }
    let mut pause = Duration::from_millis(50);
    loop {
        match store.commit(commit.clone()).await {
            Err(StoreError::Backend { message, .. }) => {
                tracing::error!(%message, ?pause, "the store cannot take a decision now; trying again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(RETRY_CAP);
            }
            other => return other,
        }
    }
}

fn stopping() -> Problem {
    Problem::new(503, "stopping", "Stopping", "the server is stopping; try again in a moment").temporary()
}

/// Whom to tell when a decision is durable, or why there will be none.
pub(crate) type Reply = oneshot::Sender<Result<(), Problem>>;
