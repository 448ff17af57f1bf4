//! Who runs tasks here: a pool of places for each executor, and the tasks that wait for one.

use super::{
    Reply,
    executor::{Done, Executor, Lost},
    waiting::{Waiter, Waiting},
};
use foldhash::HashMap;
use futures::FutureExt;
use protocol::{ExecutionId, Task, TaskKey, TaskReport};
use std::{
    collections::{HashSet, VecDeque},
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinSet};
use worker::{Cancelled, Run};

/// An executor enforces a task's time limit itself; this much later the driver gives up on it.
const OVERDUE: Duration = Duration::from_secs(5);

/// A pool, as long as its executor is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct PoolId(u64);

#[cfg(test)]
impl PoolId {
    /// For tests that play the driver.
    pub(crate) fn of(number: u64) -> Self {
        Self(number)
    }
}

#[derive(Default)]
pub(super) struct Pools {
    pools: HashMap<PoolId, Pool>,
    /// Who offers a protocol.
    routes: HashMap<String, Vec<PoolId>>,
    waiting: Waiting,
    running: JoinSet<Finished>,
    /// Ended where they were begun.
    ended: VecDeque<Finished>,
    /// The switch that cancels each running task.
    switches: HashMap<TaskKey, watch::Sender<bool>>,
    /// Numbers given to pools.
    next: u64,
}

struct Pool {
    executor: Arc<dyn Executor>,
    name: Arc<str>,
    protocols: Vec<String>,
    free: usize,
}

/// A waiting task that got a place.
pub(super) struct Start {
    pub(super) pool: PoolId,
    pub(super) task: Arc<Task>,
    pub(super) claimed: bool,
}

/// A task that ran, or whose worker is gone.
pub(super) struct Finished {
    pub(super) pool: PoolId,
    pub(super) key: TaskKey,
    /// Empty when the worker had left before the task reached it.
    pub(super) worker: Arc<str>,
    pub(super) outcome: Result<Ended, Lost>,
}

/// A report, and whom to tell when it is durable.
pub(super) struct Ended {
    pub(super) report: TaskReport,
    pub(super) receipt: Option<Reply>,
}

impl Pool {
    /// Places a task can have now.
    fn places(&self) -> usize {
        if self.executor.is_open() { self.free } else { 0 }
    }
}

impl Pools {
    /// An executor offers its places; returns the waiting tasks that get one.
    pub(super) fn join(&mut self, executor: Arc<dyn Executor>) -> (PoolId, Vec<Start>) {
        self.next += 1;
        let id = PoolId(self.next);
        let protocols = executor.protocols();
        for protocol in &protocols {
            self.routes.entry(protocol.clone()).or_default().push(id);
        }
        let free = executor.concurrency().max(1);
        self.pools.insert(id, Pool { name: executor.name(), executor, protocols, free });
        (id, self.fill(id))
    }

    /// An executor takes nothing more. What it runs ends as it ends.
    pub(super) fn leave(&mut self, id: PoolId) {
        let Some(pool) = self.pools.remove(&id) else { return };
        for protocol in &pool.protocols {
            if let Some(route) = self.routes.get_mut(protocol) {
                route.retain(|other| *other != id);
            }
        }
    }

    /// Protocols that somebody offers.
    pub(super) fn offered(&self) -> HashSet<String> {
        self.pools.values().flat_map(|pool| pool.protocols.iter().cloned()).collect()
    }

    /// What events name as the worker of a pool's tasks.
    pub(super) fn name(&self, id: PoolId) -> Option<&Arc<str>> {
        self.pools.get(&id).map(|pool| &pool.name)
    }

    /// Takes a free place, unless others wait for one already. Of several executors the one with most places free.
    pub(super) fn reserve(&mut self, protocol: &str) -> Option<(PoolId, Arc<str>)> {
        let route = self.routes.get(protocol).filter(|_| self.waiting.is_empty(protocol))?;
        let free = |id: &&PoolId| self.pools.get(id).map_or(0, Pool::places);
        let id = *route.iter().max_by_key(free)?;
        let pool = self.pools.get_mut(&id).filter(|pool| pool.places() > 0)?;
        pool.free -= 1;
        Some((id, pool.name.clone()))
    }

    /// Gives a place back; returns the waiting task that gets it.
    pub(super) fn release(&mut self, id: PoolId) -> Vec<Start> {
        match self.pools.get_mut(&id) {
            Some(pool) => pool.free += 1,
            None => return Vec::new(),
        }
        self.fill(id)
    }

    /// Lets a task wait for a place. Without an executor for its protocol it waits until one joins. One that waits or
    /// runs here already does so once: whoever reads tasks from the store may read them more than once.
    pub(super) fn enqueue(&mut self, task: Arc<Task>, claimed: bool) -> Vec<Start> {
        let (protocol, key) = (task.protocol.clone(), task.key.clone());
        if self.switches.contains_key(&key) || !self.waiting.insert(task, claimed) {
            return Vec::new();
        }
        let route = self.routes.get(&protocol).map(Vec::as_slice).unwrap_or_default();
        let free = |id: &&PoolId| self.pools.get(id).map_or(0, Pool::places);
        match route.iter().max_by_key(free).copied() {
            Some(id) => self.fill(id),
            None => {
                tracing::warn!(task = %key, protocol, "nobody here offers this protocol; it waits");
                Vec::new()
            }
        }
    }

    fn fill(&mut self, id: PoolId) -> Vec<Start> {
        let mut starts = Vec::new();
        let Some(pool) = self.pools.get_mut(&id) else { return starts };
        while pool.places() > 0 {
            let first = pool.protocols.iter().filter_map(|protocol| Some((self.waiting.first(protocol)?, protocol)));
            let Some((_, protocol)) = first.min() else { break };
            let Some(Waiter { task, claimed }) = self.waiting.pop(protocol) else { break };
            pool.free -= 1;
            starts.push(Start { pool: id, task, claimed });
        }
        starts
    }

    /// Protocols with places free and nothing waiting, and how many places.
    pub(super) fn free(&self) -> Vec<(String, usize)> {
        let free = |route: &[PoolId]| route.iter().filter_map(|id| self.pools.get(id)).map(Pool::places).sum();
        let idle = self.routes.iter().filter(|(protocol, _)| self.waiting.is_empty(protocol));
        idle.map(|(protocol, route)| (protocol.clone(), free(route))).filter(|(_, places)| *places > 0).collect()
    }

    /// Executions with tasks that run here.
    pub(super) fn executions(&self) -> HashSet<ExecutionId> {
        self.switches.keys().map(|key| key.execution_id).collect()
    }

    pub(super) fn is_running(&self, key: &TaskKey) -> bool {
        self.switches.contains_key(key)
    }

    /// Tasks of an execution that run here.
    pub(super) fn running_of(&self, id: ExecutionId) -> Vec<TaskKey> {
        self.switches.keys().filter(|key| key.execution_id == id).cloned().collect()
    }

    /// Tasks of an execution that wait here.
    pub(super) fn waiting_of(&self, id: ExecutionId) -> Vec<TaskKey> {
        self.waiting.of(id)
    }

    /// Whether a task waits or runs here, or has just ended.
    pub(super) fn has(&self, key: &TaskKey) -> bool {
        let has_ended = self.ended.iter().any(|finished| finished.key == *key);
        has_ended || self.switches.contains_key(key) || self.waiting.has(key)
    }

    /// Whoever moves this execution from now on, it is not this server.
    pub(super) fn forget(&mut self, id: ExecutionId) {
        for key in self.waiting.of(id) {
            self.waiting.remove(&key);
        }
    }

    /// Runs a claimed task in its reserved place.
    pub(super) fn run(&mut self, pool: PoolId, task: Arc<Task>) {
        let Some(executor) = self.pools.get(&pool).map(|pool| pool.executor.clone()) else {
            // It left between the reservation and now.
            let lost = Lost { reason: "disconnected before the task reached it".to_owned() };
            let (key, worker) = (task.key.clone(), Arc::from(""));
            self.ended.push_back(Finished { pool, key, worker, outcome: Err(lost) });
            return;
        };
        self.waiting.remove(&task.key);
        let (switch, cancelled) = Cancelled::pair();
        let (key, is_instant) = (task.key.clone(), executor.is_instant());
        let running = async move {
            let (key, worker) = (task.key.clone(), executor.name());
            Finished { pool, key, worker, outcome: run(executor, task, cancelled).await }
        };
        if is_instant {
            let mut running = Box::pin(running);
            match running.as_mut().now_or_never() {
                Some(finished) => return self.ended.push_back(finished),
                // It waits after all, for its credentials perhaps.
                None => self.running.spawn(running),
            };
        } else {
            self.running.spawn(running);
        }
        self.switches.insert(key, switch);
    }

    /// A task that is not wanted any more: it stops if it runs here, and waits no longer if it waited.
    pub(super) fn cancel(&mut self, key: &TaskKey) {
        self.waiting.remove(key);
        if let Some(switch) = self.switches.remove(key) {
            switch.send_replace(true);
        }
    }

    /// The next that finished. Pending while nothing runs.
    pub(super) async fn finished(&mut self) -> Option<Finished> {
        if let Some(ended) = self.ended.pop_front() {
            return Some(ended);
        }
        match self.running.join_next().await {
            None => std::future::pending().await,
            Some(Ok(finished)) => {
                self.switches.remove(&finished.key);
                Some(finished)
            }
            // `run` catches panics and nobody aborts single tasks.
            Some(Err(error)) => {
                tracing::error!(%error, "a task's future ended without a report");
                None
            }
        }
    }

    /// Cancels everything and waits a little for it to let go.
    pub(super) async fn stop(mut self, grace: Duration) {
        for switch in self.switches.values() {
            switch.send_replace(true);
        }
        let all = async { while self.running.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, all).await.is_err() {
            self.running.shutdown().await;
        }
    }
}

async fn run(executor: Arc<dyn Executor>, task: Arc<Task>, cancelled: Cancelled) -> Result<Ended, Lost> {
    let started = Instant::now();
    let key = task.key.clone();
    let limit = Duration::from_millis(task.timeout_ms) + OVERDUE;
    let work = AssertUnwindSafe(executor.run(Task::clone(&task), cancelled)).catch_unwind();
    let done = match tokio::time::timeout(limit, work).await {
        Ok(Ok(done)) => done?,
        Ok(Err(panic)) => Run::panicked(&task.protocol, panic.as_ref()).into(),
        Err(_) => Run::overdue(task.timeout_ms).into(),
    };
    let Done { run, duration_ms, receipt } = done;
    let duration_ms = duration_ms.unwrap_or_else(|| u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX));
    Ok(Ended { report: TaskReport { key, outcome: run.outcome, duration_ms, logs: run.logs }, receipt })
}
