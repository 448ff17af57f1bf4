//! Sharing a store with other servers, without a leader.
//!
//! A server beats; while its lease holds, the executions it owns are its to move. What belongs to nobody alive,
//! whoever looks first takes over. Owning divides the labour and protects nothing: any server may move any
//! execution, and of two that do at once the version in their commits lets one through. So a command goes to the
//! server that got it, a report to the server whose worker sent it, and the owner follows the log.

use crate::{
    Environment, Trouble,
    api::{Api, from_store},
    driver::{DriverHandle, Message, Slot},
    patience::{Patience, open_tasks},
};
use protocol::{ExecutionId, Problem, Timestamp, event::Severity};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use store::{ActiveExecution, Store, StoreError, StoredTask};
use tokio::sync::oneshot;

/// How long a server is believed to live after it was heard of.
const LEASE_MS: i64 = 6_000;
/// How often it says so, and looks for what is nobody's.
const BEAT: Duration = Duration::from_millis(1_500);
/// How often a server with places free looks for tasks that wait elsewhere.
const LOOK: Duration = Duration::from_millis(250);
/// A task is offered to other servers when its owner has left it unclaimed for so long.
const STALE_MS: i64 = 250;
/// Executions taken up at once.
const PAGE: u32 = 256;
/// Beats from one look for children whose parents do not want them any more to the next: between the end of a parent
/// and that of its child, two servers may have gone.
const ORPHANS: u32 = 20;
/// Who had a task that has begun and is nobody's: tasks in a copy of a store are handed out to nobody.
const FORGOTTEN: &str = "unknown";
/// The lease of the only server on a store: nobody is there to doubt it.
const ALWAYS: Timestamp = Timestamp(i64::MAX);

/// What a process is to its store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Membership {
    /// Moves what it is told to and takes nothing up: a command line that runs one execution.
    Visitor,
    /// The only server. It takes up what was under way when the store was last closed.
    Alone,
    /// One of several servers; `url` is where it serves, for people.
    Shared { url: Option<String> },
}

pub(crate) struct Member {
    pub(crate) api: Api,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) driver: DriverHandle,
    pub(crate) environment: Arc<dyn Environment>,
    pub(crate) server: Arc<str>,
    pub(crate) membership: Membership,
}

/// An execution under way, with its open tasks.
struct Open {
    execution: ActiveExecution,
    tasks: Vec<StoredTask>,
}

/// What this server owned when it was last here. Listed before anything new can start.
pub(crate) struct Before(Vec<Open>);

impl Before {
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn list(
        store: &Arc<dyn Store>,
        server: &str,
        membership: &Membership,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let (url, until) = match membership {
            Membership::Visitor => return Ok(Self(Vec::new())),
            Membership::Alone => (None, ALWAYS),
            Membership::Shared { url } => (url.as_deref(), Timestamp(now.0 + LEASE_MS)),
        };
        store.beat(server, url, now, until).await?;
        let mut tasks: HashMap<ExecutionId, Vec<StoredTask>> = HashMap::new();
        for stored in store.open_tasks_of(server).await? {
            tasks.entry(stored.task.key.execution_id).or_default().push(stored);
        }
        let mut open = Vec::new();
        let mut after = None;
        loop {
            let page = store.executions_of(server, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(Self(open)) };
            after = Some(last.execution_id);
            open.extend(page.into_iter().map(|execution| {
                let tasks = tasks.remove(&execution.execution_id).unwrap_or_default();
                Open { execution, tasks }
            }));
        }
    }
}

impl Member {
    /// Takes up what was under way, and, as one of several, goes on doing so until it is aborted.
    pub(crate) async fn run(self, before: Before) {
        if !before.0.is_empty() {
            tracing::info!(executions = before.0.len(), "taking up executions that were under way");
        }
        for open in before.0 {
            if !self.take_up(open).await {
                return;
            }
        }
        if self.membership != Membership::Visitor {
            self.take_over().await;
        }
        if !self.driver.tell(Message::Recovered).await {
            return;
        }
        if matches!(self.membership, Membership::Shared { .. }) {
            tokio::join!(self.beat(), self.look());
        }
    }

    async fn beat(&self) {
        for beat in 1_u32.. {
            self.environment.sleep(BEAT).await;
            let now = self.environment.now();
            let Membership::Shared { url } = &self.membership else { return };
            match self.store.beat(&self.server, url.as_deref(), now, Timestamp(now.0 + LEASE_MS)).await {
                Ok(true) => {}
                Ok(false) => {
                    tracing::warn!("this server's lease had ended: others may have taken over what it moved");
                    self.trouble("lease_ended", "its lease had ended: others may have taken over what it moved");
                    self.give_up_what_is_lost().await;
                }
                Err(error) => {
                    tracing::warn!(%error, "this server could not say that it lives");
                    continue;
                }
            }
            let taken = self.take_over().await;
            if taken > 0 {
                self.trouble("taken_over", &format!("it moves {taken} executions now that nobody moved any more"));
            }
            if taken > 0 || beat % ORPHANS == 0 {
                self.driver.tell(Message::Recovered).await;
            }
            self.hand_out_again(now).await;
        }
    }

    /// Executions of nobody, page by page; how many there were.
    async fn take_over(&self) -> usize {
        let mut total = 0;
        loop {
            let taken = match self.store.take_over(&self.server, self.environment.now(), PAGE).await {
                Ok(taken) => taken,
                Err(error) => {
                    tracing::warn!(%error, "looking for executions of servers that are gone");
                    return total;
                }
            };
            let count = taken.len();
            if count > 0 {
                tracing::info!(executions = count, "taking over executions that nobody moves");
                total += count;
            }
            for execution in taken {
                // It is ours from here on: nobody else will move it.
                let tasks = match open_tasks(self.store.as_ref(), execution.execution_id).await {
                    Ok(tasks) => tasks,
                    Err(problem) => {
                        tracing::error!(execution = %execution.execution_id, %problem, "its tasks cannot be read");
                        continue;
                    }
                };
                if !self.take_up(Open { execution, tasks }).await {
                    return total;
                }
            }
            if count < PAGE as usize {
                return total;
            }
        }
    }

    fn trouble(&self, code: &'static str, what: &str) {
        self.api.shared().troubles.tell(Trouble {
            severity: Severity::Warning,
            component: "membership".to_owned(),
            code,
            about: format!("server:{}", self.server),
            message: format!("server {}: {what}", self.server),
        });
    }

    /// Tasks that workers of dead servers had.
    async fn hand_out_again(&self, now: Timestamp) {
        match self.store.tasks_of_lost_servers(now, PAGE).await {
            Ok(lost) => {
                for StoredTask { task, claimed_by, .. } in lost {
                    let input = engine::Input::Lost {
                        key: task.key.clone(),
                        worker: claimed_by.unwrap_or_default(),
                        reason: "its server is gone".to_owned(),
                    };
                    self.driver.tell(Message::Note { id: task.key.execution_id, input }).await;
                }
            }
            Err(error) => tracing::warn!(%error, "looking for tasks of servers that are gone"),
        }
    }

    /// Tasks that wait at other servers and could run here.
    async fn look(&self) {
        loop {
            self.environment.sleep(LOOK).await;
            let (reply, offered) = oneshot::channel();
            if !self.driver.tell(Message::Free(reply)).await {
                return;
            }
            let Ok(free) = offered.await else { return };
            let places: usize = free.iter().map(|(_, places)| places).sum();
            if places == 0 {
                continue;
            }
            let protocols: Vec<String> = free.into_iter().map(|(protocol, _)| protocol).collect();
            let before = Timestamp(self.environment.now().0 - STALE_MS);
            let limit = u32::try_from(places).unwrap_or(PAGE).min(PAGE);
            match self.store.unclaimed_tasks(&protocols, before, limit).await {
                Ok(tasks) if tasks.is_empty() => {}
                Ok(tasks) => {
                    self.driver.tell(Message::Offer(tasks)).await;
                }
                Err(error) => tracing::warn!(%error, "looking for tasks that wait elsewhere"),
            }
        }
    }

    /// False when the driver has stopped.
    async fn take_up(&self, open: Open) -> bool {
        let ActiveExecution { execution_id: id, path, playbook_version, .. } = open.execution;
        let mut patience = Patience::new();
        let loaded = loop {
            match self.load(id, &path, playbook_version).await {
                Err(problem) if patience.outlasts(&problem).await => {}
                loaded => break loaded,
            }
        };
        let loaded = match loaded {
            Ok(slot) => self.with_the_forgotten(&slot, open.tasks).await.map(|tasks| (slot, tasks)),
            Err(problem) => Err(problem),
        };
        match loaded {
            Ok((slot, tasks)) => self.driver.tell(Message::Recover { slot: Box::new(slot), tasks }).await,
            Err(problem) => {
                tracing::error!(execution = %id, %problem, "the execution cannot be taken up");
                true
            }
        }
    }

    /// The tasks, those that are to be lost among them: they have begun, and by their rows nobody has them. What was
    /// claimed after the tasks were read and before the log was is seen by reading them again.
    async fn with_the_forgotten(&self, slot: &Slot, tasks: Vec<StoredTask>) -> Result<Vec<StoredTask>, Problem> {
        let is_forgotten = |stored: &StoredTask| stored.claimed_by.is_none() && slot.has_begun(&stored.task.key);
        if !tasks.iter().any(is_forgotten) {
            return Ok(tasks);
        }
        let mut tasks = open_tasks(self.store.as_ref(), slot.id()).await?;
        for stored in tasks.iter_mut().filter(|stored| is_forgotten(stored)) {
            stored.claimed_by = Some(FORGOTTEN.to_owned());
        }
        Ok(tasks)
    }

    async fn load(&self, id: ExecutionId, path: &str, version: u32) -> Result<Slot, Problem> {
        let entry = self.api.shared().catalog.entry(path, Some(version)).await?;
        Slot::load(&self.store, id, entry).await.map_err(from_store)
    }

    async fn give_up_what_is_lost(&self) {
        // Asked first: what begins while the store is read is ours, and may be on none of its pages.
        let (reply, answer) = oneshot::channel();
        if !self.driver.tell(Message::Held(reply)).await {
            return;
        }
        let Ok(held) = answer.await else { return };
        let mut ours = HashSet::new();
        let mut after = None;
        loop {
            match self.store.executions_of(&self.server, after, PAGE).await {
                Ok(page) => {
                    let Some(last) = page.last() else { break };
                    after = Some(last.execution_id);
                    ours.extend(page.into_iter().map(|execution| execution.execution_id));
                }
                Err(error) => return tracing::warn!(%error, "looking for what this server still owns"),
            }
        }
        self.driver.tell(Message::Keep { held, ours }).await;
    }
}
