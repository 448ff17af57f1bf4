//! Who is connected.

use super::{
    connected::{Connected, Desk},
    progress,
    remote::Remote,
};
use crate::{
    Environment, Troubles,
    api::from_store,
    credentials::Vault,
    driver::{DriverHandle, Message},
    patience::open_tasks,
};
use hub::{Hub, JoinedWorker, Line, Workers, session::GOING_AWAY};
use protocol::{Envelope, ExecutionId, Problem, TaskKey, TaskReport, api::WorkerSummary, frame::worker::WorkerJoin};
use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};
use store::Store;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use worker::Run;

/// How long a shutdown waits for acknowledgements under way.
const GRACE: Duration = Duration::from_secs(2);

pub(crate) struct Registry {
    pub(super) driver: DriverHandle,
    pub(super) environment: Arc<dyn Environment>,
    /// Attendants of workers, and acknowledgements that wait for their commits.
    pub(super) tasks: TaskTracker,
    pub(super) store: Arc<dyn Store>,
    pub(super) vault: Arc<Vault>,
    pub(super) troubles: Troubles,
    /// Weak: the hub holds this.
    hub: Weak<Hub>,
    server: Arc<str>,
    stop: CancellationToken,
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    workers: BTreeMap<u64, Arc<Connected>>,
    next: u64,
}

/// What became of a report of a task this server did not hand out.
pub(super) enum Placed {
    /// The task is open: the report, without what the task may know.
    Open(TaskReport),
    /// The task is not open, and what is open later under its key is another's: a worker can name the key of a task
    /// before there is one, whatever its protocol.
    Settled(TaskReport),
    /// The task is open and of a protocol that is not the worker's.
    Foreign,
    /// The task is open and what it may know cannot be told, so that nobody can take that out of the report.
    Unreadable { key: TaskKey, why: String },
}

impl Registry {
    pub(crate) fn new(
        driver: DriverHandle,
        environment: Arc<dyn Environment>,
        hub: &Arc<Hub>,
        server: Arc<str>,
        store: Arc<dyn Store>,
        vault: Arc<Vault>,
        troubles: Troubles,
    ) -> Arc<Self> {
        Arc::new(Self {
            driver,
            environment,
            tasks: TaskTracker::new(),
            store,
            vault,
            troubles,
            hub: Arc::downgrade(hub),
            server,
            stop: CancellationToken::new(),
            inside: Mutex::default(),
        })
    }

    /// The workers connected here, in the order in which they came.
    pub(crate) fn list(&self) -> Vec<WorkerSummary> {
        let workers: Vec<Arc<Connected>> = self.inside().workers.values().cloned().collect();
        workers.iter().map(|worker| worker.summary()).collect()
    }

    /// Takes nobody in any more and lets go of everybody. To be called when the driver has stopped.
    pub(crate) async fn shutdown(&self) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(GRACE, self.tasks.wait()).await.is_err() {
            tracing::warn!("acknowledgements to workers were still under way at shutdown");
        }
        self.inside().workers.clear();
    }

    /// Whether somebody connected here has the task.
    pub(super) fn is_held(&self, key: &TaskKey) -> bool {
        let workers: Vec<Arc<Connected>> = self.inside().workers.values().cloned().collect();
        workers.iter().any(|worker| worker.has(key))
    }

    /// What becomes of a report of a task this server did not hand out to its worker, which takes tasks of `protocols`.
    /// It counts if the task is still open, as after a restart. `looked_up`: executions whose history was looked at for
    /// another report of the same frame.
    ///
    /// # Errors
    /// When that cannot be found out, why.
    pub(super) async fn place(
        &self,
        report: TaskReport,
        protocols: &[String],
        looked_up: &mut HashSet<ExecutionId>,
    ) -> Result<Placed, Problem> {
        let id = report.key.execution_id;
        let tasks = open_tasks(self.store.as_ref(), id).await?;
        let Some(open) = tasks.into_iter().find(|open| open.task.key == report.key) else {
            // Others may have settled it: whoever decides is to know what was known here.
            if looked_up.insert(id) {
                let head = self.store.head().await.map_err(from_store)?;
                self.driver.tell(Message::Moved(vec![(id, head)])).await;
            }
            return Ok(Placed::Settled(report));
        };
        if !protocols.contains(&open.task.protocol) {
            return Ok(Placed::Foreign);
        }
        let redaction = match self.vault.open(&self.store, open.task).await {
            Ok((_, redaction)) => redaction,
            Err(error) => return Ok(Placed::Unreadable { key: report.key, why: error.to_string() }),
        };
        let run = redaction.run(Run { outcome: report.outcome, logs: progress::tail(report.logs) });
        Ok(Placed::Open(TaskReport { outcome: run.outcome, logs: run.logs, ..report }))
    }

    pub(super) fn publish(&self, envelope: Envelope) {
        if let Some(hub) = self.hub.upgrade() {
            hub.publish_ephemeral(envelope);
        }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Offers a worker's places, as long as it is there.
    async fn attend(self: Arc<Self>, worker: Arc<Connected>) {
        let mut pools = Vec::new();
        for (protocols, places) in worker.groups() {
            let remote = Remote { worker: worker.clone(), protocols, places };
            match self.driver.join(Arc::new(remote)).await {
                Some(pool) => pools.push(pool),
                None => worker.line.close(GOING_AWAY),
            }
        }
        tracing::info!(worker = %worker.name, protocols = ?worker.join.protocols, "a worker joined");
        tokio::select! {
            () = worker.ended.cancelled() => {}
            () = worker.expiry() => {}
            () = self.stop.cancelled() => {}
        }
        for pool in pools {
            self.driver.leave(pool).await;
        }
        self.inside().workers.remove(&worker.number);
        tracing::info!(worker = %worker.name, "a worker left");
    }
}

/// What the hub holds.
pub(crate) struct Door(pub(crate) Arc<Registry>);

impl Workers for Door {
    fn join(&self, join: WorkerJoin, line: Line) -> Result<Arc<dyn JoinedWorker>, Problem> {
        let house = &self.0;
        if house.stop.is_cancelled() {
            let detail = "the server is stopping; try again in a moment";
            return Err(Problem::new(503, "stopping", "Stopping", detail).temporary());
        }
        // The low half of an id is random, and enough to tell workers of one name apart.
        let unique = house.environment.id().as_u128() as u32;
        let name = Arc::from(format!("{}/{}:{unique:08x}", house.server, join.name.trim()));
        let mut inside = house.inside();
        inside.next += 1;
        let worker = Arc::new(Connected::new(house.clone(), inside.next, name, join, line));
        inside.workers.insert(worker.number, worker.clone());
        drop(inside);
        house.tasks.spawn(house.clone().attend(worker.clone()));
        Ok(Arc::new(Desk(worker)))
    }
}
