//! The driver: one task that owns every active execution and takes each input through the one loop:
//! load → evaluate → commit → hand out.
//!
//! - One commit at a time per execution; inputs that arrive meanwhile wait in its mailbox and are decided
//!   together in the next one. Commits of different executions run at once and share the store's transactions.
//! - Nothing is handed out, answered or thrown away before the commit that says so is durable.
//! - A task for a free local provider is claimed in the commit that creates it; others wait in their pool's queue.

mod causes;
mod draft;
mod inbox;
mod pools;
mod slot;

pub(crate) use inbox::{DriverHandle, Message, channel};
pub(crate) use slot::Slot;

use crate::Environment;
use draft::Draft;
use futures::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use pools::{Pools, Start};
use protocol::{
    ExecutionId, Phase, Problem, Task, TaskError, TaskReport,
    task::{Logs, TaskOutcome},
};
use slot::{Flight, Letter};
use std::{collections::HashMap, sync::Arc, time::Duration};
use store::{Commit, Committed, Store, StoreError};
use tokio::sync::{mpsc, oneshot};
use worker::Provider;

/// Longest pause between two tries of a commit that the store could not take for now.
const RETRY_CAP: Duration = Duration::from_secs(5);
/// How long a shutdown waits for cancelled tasks to let go of what they hold.
const STOP_GRACE: Duration = Duration::from_secs(2);

pub(crate) struct Driver {
    store: Arc<dyn Store>,
    environment: Arc<dyn Environment>,
    worker: Arc<str>,
    slots: HashMap<ExecutionId, Slot>,
    pools: Pools,
    commits: FuturesUnordered<BoxFuture<'static, (ExecutionId, Result<Committed, StoreError>)>>,
    reloads: FuturesUnordered<BoxFuture<'static, (ExecutionId, Result<Option<Slot>, StoreError>)>>,
}

impl Driver {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        environment: Arc<dyn Environment>,
        providers: Vec<Arc<dyn Provider>>,
        worker: Arc<str>,
    ) -> Self {
        Self {
            store,
            environment,
            worker,
            slots: HashMap::new(),
            pools: Pools::new(providers),
            commits: FuturesUnordered::new(),
            reloads: FuturesUnordered::new(),
        }
    }

    /// Drives until told to shut down or until every sender is gone.
    pub(crate) async fn run(mut self, mut inbox: mpsc::Receiver<Message>) {
        let mut answer = None;
        loop {
            tokio::select! {
                Some((id, result)) = self.commits.next(), if !self.commits.is_empty() => self.committed(id, result),
                Some((pool, report)) = self.pools.finished() => self.finished(pool, report),
                Some((id, slot)) = self.reloads.next(), if !self.reloads.is_empty() => self.reloaded(id, slot),
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

    fn received(&mut self, message: Message) {
        match message {
            Message::Submit { id, entry, input, reply } => {
                let start = Letter::Start { path: entry.row.path.clone(), version: entry.row.version, input, reply };
                let slot = Slot::new(id, entry);
                self.slots.insert(id, slot);
                self.post(id, start);
            }
            Message::Cancel { id, reason, by, reply } => {
                if self.slots.contains_key(&id) {
                    self.post(id, Letter::Cancel { reason, by, reply });
                } else {
                    let _ = reply.send(Err(not_active(id)));
                }
            }
            Message::Recover { slot, tasks } => {
                let id = slot.id();
                // Somebody may have needed it before recovery came to it.
                self.slots.entry(id).or_insert(*slot);
                for stored in tasks {
                    let starts = self.pools.enqueue(Arc::new(stored.task), stored.claimed_by.is_some());
                    self.start(starts);
                }
                // The engine sees every execution once after a start; it has nothing to do on a tick yet.
                self.post(id, Letter::Tick);
            }
            Message::Shutdown(reply) => {
                let _ = reply.send(());
            }
        }
    }

    fn post(&mut self, id: ExecutionId, letter: Letter) {
        match self.slots.get_mut(&id) {
            Some(slot) => slot.mailbox.push_back(letter),
            None => return self.undeliverable(letter),
        }
        self.advance(id);
    }

    /// A letter for an execution that has ended meanwhile: a reserved place is given back, reports are late.
    fn undeliverable(&mut self, letter: Letter) {
        if let Letter::Claim { pool, .. } = letter {
            self.give_back(vec![pool]);
        }
    }

    /// Decides what is in the mailbox, unless a commit of this execution is under way.
    fn advance(&mut self, id: ExecutionId) {
        let Some(slot) = self.slots.get_mut(&id) else { return };
        if slot.in_flight.is_some() || slot.reloading {
            return;
        }
        let mut draft = Draft::decide(slot, &mut self.pools, &self.worker, self.environment.as_ref());
        match draft.commit {
            Some(commit) => {
                let with_start = draft.flight.letters.iter().any(|letter| matches!(letter, Letter::Start { .. }));
                slot.in_flight = Some(draft.flight);
                let store = self.store.clone();
                self.commits.push(Box::pin(async move { (id, commit_until(store, commit, !with_start).await) }));
            }
            None => {
                draft.flight.answer(&Ok(()));
                if slot.state.phase() == Phase::Completed && slot.mailbox.is_empty() {
                    self.slots.remove(&id);
                }
            }
        }
        self.give_back(draft.released);
    }

    fn give_back(&mut self, places: Vec<usize>) {
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
                for key in &flight.settled {
                    self.pools.cancel(key);
                }
                let ended = slot.state.phase() == Phase::Completed && slot.mailbox.is_empty();
                for (pool, task) in flight.run {
                    self.pools.run(pool, task);
                }
                self.wait(flight.queue);
                if ended {
                    self.slots.remove(&id);
                } else {
                    self.advance(id);
                }
            }
            Err(StoreError::Conflict { .. }) => {
                tracing::warn!(execution = %id, "somebody else moved this execution; loading it again");
                let (released, waiting) = flight.give_back(slot);
                slot.reloading = true;
                let (store, entry) = (self.store.clone(), slot.entry.clone());
                self.reloads.push(Box::pin(async move { (id, Slot::load(&store, id, entry).await.map(Some)) }));
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
            [Letter::Report(report)] if !slot.one_by_one || matches!(report.outcome, TaskOutcome::Completed { .. }) => {
                tracing::warn!(task = %report.key, why, "a result cannot be stored");
                let message = format!(
                    "what the action returned, or what follows from it, cannot be stored: {why}; return less, \
                     put large data into a file and return its path"
                );
                report.outcome = TaskOutcome::Failed { error: TaskError::new("result_refused", message), result: None };
                report.logs = Logs::default();
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
        flight.answer(&Err(crate::api::from_store(error)));
        if self.slots.get(&id).is_some_and(|slot| slot.state.event_count() == 0) {
            self.slots.remove(&id);
        }
        self.give_back(flight.run.iter().map(|(pool, _)| *pool).collect());
    }

    fn reloaded(&mut self, id: ExecutionId, loaded: Result<Option<Slot>, StoreError>) {
        let Some(slot) = self.slots.get_mut(&id) else { return };
        match loaded {
            Ok(Some(fresh)) => {
                slot.take_state_of(fresh);
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

    fn finished(&mut self, pool: usize, report: TaskReport) {
        let id = report.key.execution_id;
        self.post(id, Letter::Report(report));
        self.give_back(vec![pool]);
    }

    /// Tasks that got a place: those claimed before a restart run at once, the others are claimed first.
    fn start(&mut self, starts: Vec<Start>) {
        for Start { pool, task, claimed } in starts {
            let id = task.key.execution_id;
            let open = self.slots.get(&id).is_some_and(|slot| slot.state.is_open(&task.key));
            match (open, claimed) {
                (false, _) => self.give_back(vec![pool]),
                (true, true) => self.pools.run(pool, task),
                (true, false) => self.post(id, Letter::Claim { pool, task }),
            }
        }
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

/// The code of the answer for an execution that is not driven here.
pub(crate) const NOT_ACTIVE: &str = "not_active";

fn not_active(id: ExecutionId) -> Problem {
    let detail = format!("execution `{id}` is not under way in this process; try again in a moment");
    Problem::new(503, NOT_ACTIVE, "Not active", detail).temporary()
}

fn stopping() -> Problem {
    Problem::new(503, "stopping", "Stopping", "the server is stopping; try again in a moment").temporary()
}

type Reply = oneshot::Sender<Result<(), Problem>>;
