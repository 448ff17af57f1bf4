//! One worker, as long as its connection lives.

mod said;

pub(super) use said::Desk;

use super::{HEARTBEAT, LEASE, outgoing::Outgoing, registry::Registry};
use crate::{
    Trouble,
    credentials::Redaction,
    driver::{Lost, Reply},
};
use hub::{Line, session::Close};
use protocol::{
    Task, TaskKey, TaskReport, Timestamp,
    api::WorkerSummary,
    event::Severity,
    frame::{ToWorker, close, worker::WorkerJoin},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Semaphore, oneshot},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

/// Frames with reports of one worker whose commits are under way. One more is read when the first is answered.
const ACKNOWLEDGEMENTS: usize = 1_024;

pub(super) struct Connected {
    pub(super) number: u64,
    /// What events name: the server's name, a slash, the worker's own made unique.
    pub(super) name: Arc<str>,
    pub(super) join: WorkerJoin,
    pub(super) line: Line,
    /// The connection has ended.
    pub(super) ended: CancellationToken,
    house: Arc<Registry>,
    connected_at: Timestamp,
    acknowledging: Arc<Semaphore>,
    state: Mutex<State>,
}

struct State {
    standing: Standing,
    running: HashMap<TaskKey, Running>,
    outgoing: Outgoing,
    heard: Instant,
    heard_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Here,
    /// It asked for no more.
    Draining,
    Gone,
    /// This server goes away: what the worker has stays claimed, for the next start to decide.
    Detached,
}

struct Running {
    ended: oneshot::Sender<Ended>,
    heard: Instant,
    redaction: Arc<Redaction>,
}

/// How a lease came to its end.
#[allow(clippy::large_enum_variant, reason = "nearly all are reports, and none is kept")]
pub(super) enum Ended {
    Report { report: TaskReport, receipt: Reply },
    Lost(String),
}

/// Whether a worker was told to stop a task.
pub(super) enum Stop {
    Told,
    NothingToStop,
}

impl Connected {
    pub(super) fn new(house: Arc<Registry>, number: u64, name: Arc<str>, join: WorkerJoin, line: Line) -> Self {
        let now = house.environment.now();
        let joined = ToWorker::Joined {
            id: join.id.clone(),
            worker: name.to_string(),
            lease_ms: LEASE.as_millis() as u64,
            heartbeat_ms: HEARTBEAT.as_millis() as u64,
        };
        let mut outgoing = Outgoing::new(joined);
        // Of an earlier connection: they were given to others when it ended.
        for key in &join.tasks {
            outgoing.cancel_foreign(key.clone());
        }
        Self {
            number,
            name,
            join,
            line,
            ended: CancellationToken::new(),
            house,
            connected_at: now,
            acknowledging: Arc::new(Semaphore::new(ACKNOWLEDGEMENTS)),
            state: Mutex::new(State {
                standing: Standing::Here,
                running: HashMap::new(),
                outgoing,
                heard: Instant::now(),
                heard_at: now,
            }),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.state().standing == Standing::Here
    }

    /// Gives it a task; the answer resolves when the lease has ended.
    pub(super) fn lease(&self, task: Task, redaction: Arc<Redaction>) -> Result<oneshot::Receiver<Ended>, Lost> {
        let (ended, answer) = oneshot::channel();
        {
            let mut state = self.state();
            match state.standing {
                Standing::Here => {}
                Standing::Draining => return Err(lost("the worker is leaving")),
                Standing::Gone | Standing::Detached => return Err(lost("disconnected before the task reached it")),
            }
            state.running.insert(task.key.clone(), Running { ended, heard: Instant::now(), redaction });
            state.outgoing.lease(task);
        }
        self.line.wake();
        Ok(answer)
    }

    /// The task is not wanted any more.
    pub(super) fn stop(&self, key: &TaskKey) -> Stop {
        let mut state = self.state();
        if state.standing == Standing::Detached || !state.running.contains_key(key) {
            return Stop::NothingToStop;
        }
        if !state.outgoing.cancel(key) {
            state.running.remove(key);
            return Stop::NothingToStop;
        }
        drop(state);
        self.line.wake();
        Stop::Told
    }

    /// Nobody waits for the task any more. A worker that still has it is told.
    pub(super) fn forget(&self, key: &TaskKey) {
        let mut state = self.state();
        if state.running.remove(key).is_some() && state.standing != Standing::Detached {
            state.outgoing.cancel(key);
            drop(state);
            self.line.wake();
        }
    }

    /// Resolves when no heartbeat named the task for so long; never without a limit.
    pub(super) async fn silence(&self, key: &TaskKey, limit: Option<Duration>) -> Duration {
        let Some(limit) = limit else { return std::future::pending().await };
        loop {
            let heard = self.state().running.get(key).map(|running| running.heard);
            // Its end is known to whoever waits for this.
            let Some(heard) = heard else { return std::future::pending().await };
            if heard + limit <= Instant::now() {
                return limit;
            }
            sleep_until(heard + limit).await;
        }
    }

    /// Resolves when nothing was heard of it for as long as a lease lasts: then it is gone.
    pub(super) async fn expiry(&self) {
        loop {
            let deadline = self.state().heard + LEASE;
            if deadline <= Instant::now() {
                break;
            }
            sleep_until(deadline).await;
        }
        self.line
            .close(Close { code: close::LEASE, reason: "nothing was heard of the worker for as long as its lease" });
        self.lose(&format!("nothing was heard of it for {} s", LEASE.as_secs()));
    }

    pub(super) fn has(&self, key: &TaskKey) -> bool {
        self.state().running.contains_key(key)
    }

    pub(super) fn summary(&self) -> WorkerSummary {
        let state = self.state();
        let mut protocols = self.join.protocols.clone();
        protocols.sort_unstable();
        protocols.dedup();
        WorkerSummary {
            worker: self.name.to_string(),
            name: self.join.name.clone(),
            version: self.join.version.clone(),
            protocols,
            concurrency: u32::try_from(self.groups().iter().map(|(_, places)| places).sum::<usize>())
                .unwrap_or(u32::MAX),
            running: u32::try_from(state.running.len()).unwrap_or(u32::MAX),
            draining: state.standing == Standing::Draining,
            connected_at: self.connected_at,
            heard_at: state.heard_at,
        }
    }

    /// Its protocols by the places they share.
    pub(super) fn groups(&self) -> Vec<(Vec<String>, usize)> {
        let WorkerJoin { protocols, concurrency, concurrency_of, .. } = &self.join;
        let own = concurrency_of.iter().map(|(protocol, places)| (vec![protocol.clone()], *places as usize));
        let mut groups: Vec<(Vec<String>, usize)> = own.collect();
        let mut shared: Vec<String> =
            protocols.iter().filter(|protocol| !concurrency_of.contains_key(*protocol)).cloned().collect();
        shared.sort_unstable();
        shared.dedup();
        if !shared.is_empty() {
            groups.push((shared, *concurrency as usize));
        }
        groups
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything it has is lost.
    fn lose(&self, reason: &str) {
        let mut state = self.state();
        state.standing = Standing::Gone;
        state.outgoing.clear();
        let running = std::mem::take(&mut state.running);
        drop(state);
        if !running.is_empty() {
            let (count, name) = (running.len(), self.join.name.trim());
            let plural = if count == 1 { "" } else { "s" };
            self.house.troubles.tell(Trouble {
                severity: Severity::Warning,
                component: "workers".to_owned(),
                code: "worker_lost",
                about: format!("worker:{name}"),
                message: format!("worker {} is gone with {count} task{plural} ({reason}): others get them", self.name),
            });
        }
        for Running { ended, .. } in running.into_values() {
            // Whoever waited may have given up just now.
            let _ = ended.send(Ended::Lost(reason.to_owned()));
        }
    }
}

fn lost(reason: &str) -> Lost {
    Lost { reason: reason.to_owned() }
}
