//! The driver: one task that owns every active execution and takes each input through the one loop:
//! load → evaluate → commit → hand out.
//!
//! - One commit at a time per execution; inputs that arrive meanwhile wait in its mailbox and are decided
//!   together in the next one. Commits of different executions run at once and share the store's transactions.
//! - Nothing is handed out, answered or thrown away before the commit that says so is durable.
//! - A task for a free local provider is claimed in the commit that creates it; others wait in their pool's queue.

mod causes;
mod children;
mod commits;
mod draft;
mod executor;
mod inbox;
mod known;
mod limits;
mod opening;
mod pools;
mod recovery;
mod slot;
mod timers;
mod visits;
mod waiting;

#[cfg(test)]
mod tests;

pub(crate) use executor::{Done, Executor, Lost};
pub(crate) use inbox::{DriverHandle, Message, channel};
pub(crate) use pools::PoolId;
pub(crate) use slot::Slot;

use crate::{Environment, admission::Gate, catalog::Catalog, credentials::Vault, telemetry::Telemetry};
use children::{Children, PLAYBOOK};
use draft::Draft;
use engine::Input;
use executor::Local;
use foldhash::{HashMap, HashMapExt};
use futures::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use opening::Opening;
use pools::{Ended, Finished, Pools, Start};
use protocol::{ExecutionId, Phase, Problem, Task, TaskKey, Timestamp};
use slot::{Letter, News};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use store::{Committed, Store, StoreError};
use timers::Timers;
use tokio::sync::{mpsc, oneshot};
use visits::Visits;
use worker::Provider;

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
    pub(crate) telemetry: Arc<Telemetry>,
    /// This server among those on the store. Its providers are the worker `server/local`.
    pub(crate) server: Arc<str>,
}

/// An execution that was read again.
type Reloaded = (ExecutionId, Result<News, Problem>);

pub(crate) struct Driver {
    gate: Arc<Gate>,
    store: Arc<dyn Store>,
    catalog: Arc<Catalog>,
    environment: Arc<dyn Environment>,
    vault: Arc<Vault>,
    telemetry: Arc<Telemetry>,
    server: Arc<str>,
    /// What events name as the worker of this process's providers.
    worker: Arc<str>,
    slots: HashMap<ExecutionId, Slot>,
    pools: Pools,
    /// Tasks that got a place and have not begun. Worked off in a loop of its own: each may free the place for the
    /// next, thousands in a row.
    starts: VecDeque<Start>,
    timers: Timers,
    children: Children,
    commits: FuturesUnordered<BoxFuture<'static, (ExecutionId, Result<Committed, StoreError>)>>,
    reloads: FuturesUnordered<BoxFuture<'static, Reloaded>>,
    visits: Visits,
    /// Of a parent, children whose tasks are not open any more, as the store says.
    orphans: FuturesUnordered<BoxFuture<'static, (ExecutionId, Vec<ExecutionId>)>>,
}

/// When to look at the timers, and the sleep until then.
type Alarm = Option<(Timestamp, BoxFuture<'static, ()>)>;

impl Driver {
    pub(crate) fn new(parts: DriverParts) -> Self {
        let DriverParts { gate, store, catalog, environment, providers, vault, server, telemetry } = parts;
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
            telemetry,
            server,
            worker,
            slots: HashMap::new(),
            pools,
            starts: VecDeque::new(),
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
            self.begin();
            self.set(&mut alarm);
            tokio::select! {
                Some((id, result)) = self.commits.next(), if !self.commits.is_empty() => self.committed(id, result),
                Some(finished) = self.pools.finished() => self.finished(finished),
                Some((id, slot)) = self.reloads.next(), if !self.reloads.is_empty() => self.reloaded(id, slot),
                Some(found) = self.children.starts.next(), if !self.children.starts.is_empty() => self.child_found(found),
                Some(found) = self.visits.loading.next(), if !self.visits.loading.is_empty() => self.visited(found),
                Some((id, tasks)) = self.visits.tasks.next(), if !self.visits.tasks.is_empty() => self.tasks_read(id, tasks),
                Some((parent, orphans)) = self.orphans.next(), if !self.orphans.is_empty() => {
                    for id in orphans {
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
        for id in due.children {
            self.child_due(id);
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
                self.starts.extend(starts);
            }
            Message::Leave(pool) => self.pools.leave(pool),
            Message::Moved(moved) => self.moved(&moved),
            Message::Held(reply) => {
                let _ = reply.send(self.held());
            }
            Message::Keep { held, ours } => self.keep(&held, &ours),
            Message::Free(reply) => {
                // Whoever asked may have gone.
                let _ = reply.send(self.pools.free());
            }
            Message::Offered(reply) => {
                let _ = reply.send(self.pools.offered());
            }
            Message::Unknown { keys, reply } => {
                let _ = reply.send(self.unknown(keys));
            }
            Message::Offer(tasks) => self.offered(tasks),
            Message::Shutdown(reply) => {
                let _ = reply.send(());
            }
        }
    }

    fn post(&mut self, id: ExecutionId, letter: Letter) {
        match self.slots.get_mut(&id) {
            Some(slot) => slot.mailbox.push_back(letter),
            None => return self.visit(id, letter),
        }
        self.advance(id);
    }

    /// Decides what is in the mailbox, unless a commit of this execution is under way. What comes to nothing needs
    /// none, and then the rest is decided at once: nobody would come back for it.
    fn advance(&mut self, id: ExecutionId) {
        loop {
            let Some(slot) = self.slots.get_mut(&id) else { return };
            if slot.in_flight.is_some() || slot.reloading {
                return;
            }
            let mut draft = Draft::decide(slot, &mut self.pools, &self.server, self.environment.as_ref());
            for (letter, problem) in draft.refused {
                letter.answer(&Err(problem));
            }
            if let Some(commit) = draft.commit {
                slot.in_flight = Some(draft.flight);
                self.give_back(draft.released);
                return self.commit(id, commit);
            }
            draft.flight.answer(&Ok(()));
            let wake_at = draft.flight.wake_at.filter(|_| !slot.is_visited);
            self.timers.tick(id, slot.wake_at, wake_at);
            slot.wake_at = wake_at;
            let is_done = slot.mailbox.is_empty();
            self.wait(draft.flight.queue);
            self.hold(draft.flight.held);
            self.give_back(draft.released);
            if is_done {
                return self.settle_down(id);
            }
        }
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
            self.pools.forget(id);
            if slot.state.phase() == Phase::Completed {
                self.visits.ended(id);
                if slot.entry.playbook.concurrency().is_some() {
                    self.gate.ended(id);
                }
                self.child_ended(&slot.state);
            } else if slot.is_visited && slot.state.event_count() > 0 {
                self.visits.keep(slot);
            }
        }
    }

    fn give_back(&mut self, places: Vec<PoolId>) {
        for pool in places {
            self.starts.extend(self.pools.release(pool));
        }
    }

    /// Lets tasks nobody has claimed wait for a place.
    fn wait(&mut self, tasks: Vec<Arc<Task>>) {
        for task in tasks {
            self.starts.extend(self.pools.enqueue(task, false));
        }
    }

    /// Lets tasks wait for the time from which they may be claimed.
    fn hold(&mut self, tasks: Vec<(Arc<Task>, Timestamp)>) {
        for (task, due) in tasks {
            self.timers.hold(task, due);
        }
    }

    /// A task that is not wanted any more: it neither waits nor runs, and has no child.
    fn drop_task(&mut self, key: &TaskKey) {
        self.timers.drop(key);
        self.pools.cancel(key);
        self.cancel_child(key);
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

    /// Begins what got a place: tasks claimed before a restart run at once, the others are claimed first.
    fn begin(&mut self) {
        while let Some(Start { pool, task, claimed }) = self.starts.pop_front() {
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

fn stopping() -> Problem {
    Problem::new(503, "stopping", "Stopping", "the server is stopping; try again in a moment").temporary()
}

/// Whom to tell when a decision is durable, or why there will be none.
pub(crate) type Reply = oneshot::Sender<Result<(), Problem>>;
