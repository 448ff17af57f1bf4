//! The providers of this process: a pool of places for each, and the tasks that run or wait in them.

use futures::FutureExt;
use protocol::{Task, TaskError, TaskKey, TaskReport};
use std::{
    collections::{HashMap, VecDeque},
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinSet};
use worker::{Cancelled, Provider, Run};

/// A provider enforces a task's time limit itself; this much later the driver gives up on it.
const OVERDUE: Duration = Duration::from_secs(5);

pub(super) struct Pools {
    pools: Vec<Pool>,
    by_protocol: HashMap<&'static str, usize>,
    running: JoinSet<(usize, TaskReport)>,
    /// The switch that cancels each running task.
    switches: HashMap<TaskKey, watch::Sender<bool>>,
}

struct Pool {
    provider: Arc<dyn Provider>,
    free: usize,
    waiting: VecDeque<(Arc<Task>, bool)>,
}

/// A waiting task that got a place.
pub(super) struct Start {
    pub(super) pool: usize,
    pub(super) task: Arc<Task>,
    pub(super) claimed: bool,
}

impl Pools {
    pub(super) fn new(providers: Vec<Arc<dyn Provider>>) -> Self {
        let mut by_protocol = HashMap::new();
        let mut pools = Vec::new();
        for provider in providers {
            for protocol in provider.protocols() {
                by_protocol.insert(*protocol, pools.len());
            }
            pools.push(Pool { free: provider.concurrency().max(1), provider, waiting: VecDeque::new() });
        }
        Self { pools, by_protocol, running: JoinSet::new(), switches: HashMap::new() }
    }

    /// Takes a free place, unless others wait for one already.
    pub(super) fn reserve(&mut self, protocol: &str) -> Option<usize> {
        let index = *self.by_protocol.get(protocol)?;
        let pool = &mut self.pools[index];
        if pool.free == 0 || !pool.waiting.is_empty() {
            return None;
        }
        pool.free -= 1;
        Some(index)
    }

    /// Gives a place back; returns the waiting task that gets it.
    pub(super) fn release(&mut self, pool: usize) -> Vec<Start> {
        self.pools[pool].free += 1;
        self.fill(pool)
    }

    /// Lets a task wait for a place. Without a provider for its protocol it waits in the task table, visibly.
    pub(super) fn enqueue(&mut self, task: Arc<Task>, claimed: bool) -> Vec<Start> {
        let Some(&pool) = self.by_protocol.get(task.protocol.as_str()) else {
            tracing::warn!(task = %task.key, protocol = task.protocol, "no provider here offers this protocol");
            return Vec::new();
        };
        self.pools[pool].waiting.push_back((task, claimed));
        self.fill(pool)
    }

    fn fill(&mut self, index: usize) -> Vec<Start> {
        let pool = &mut self.pools[index];
        let mut starts = Vec::new();
        while pool.free > 0
            && let Some((task, claimed)) = pool.waiting.pop_front()
        {
            pool.free -= 1;
            starts.push(Start { pool: index, task, claimed });
        }
        starts
    }

    /// Runs a claimed task in its reserved place.
    pub(super) fn run(&mut self, pool: usize, task: Arc<Task>) {
        let provider = self.pools[pool].provider.clone();
        let (switch, cancelled) = Cancelled::pair();
        self.switches.insert(task.key.clone(), switch);
        self.running.spawn(async move { (pool, run(provider, task, cancelled).await) });
    }

    /// Stops a task that runs here; nothing happens if it does not.
    pub(super) fn cancel(&mut self, key: &TaskKey) {
        if let Some(switch) = self.switches.remove(key) {
            switch.send_replace(true);
        }
    }

    /// The next report. Pending while nothing runs.
    pub(super) async fn finished(&mut self) -> Option<(usize, TaskReport)> {
        match self.running.join_next().await {
            None => std::future::pending().await,
            Some(Ok((pool, report))) => {
                self.switches.remove(&report.key);
                Some((pool, report))
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

async fn run(provider: Arc<dyn Provider>, task: Arc<Task>, cancelled: Cancelled) -> TaskReport {
    let started = Instant::now();
    let key = task.key.clone();
    let limit = Duration::from_millis(task.timeout_ms) + OVERDUE;
    let work = AssertUnwindSafe(provider.run(Task::clone(&task), cancelled)).catch_unwind();
    let run = match tokio::time::timeout(limit, work).await {
        Ok(Ok(run)) => run,
        Ok(Err(panic)) => {
            let cause = panic
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_default();
            let message =
                format!("the `{}` provider panicked: {cause}; this is a defect, please report it", task.protocol);
            Run::failed(TaskError::new("provider_panicked", message))
        }
        Err(_) => Run::failed(TaskError::new(
            "timeout",
            format!("the action did not end within its time limit of {} s; raise `timeout_s`", task.timeout_ms / 1000),
        )),
    };
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    TaskReport { key, outcome: run.outcome, duration_ms, logs: run.logs }
}
