//! Looks for work that does not move, and says so: one alert per subject, and one when it moves again.
//!
//! It moves nothing itself. Each server looks at the executions that are its own. Places that nobody gave back are
//! the doorkeeper's to find.

use crate::{
    Api,
    alerts::Alert,
    api::from_store,
    driver::{Message, Slot},
};
use protocol::{ExecutionId, Phase, Problem, TaskKey, Timestamp};
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Duration,
};
use store::{ActiveExecution, StoredTask};
use tokio::sync::oneshot;

const EVERY: Duration = Duration::from_secs(30);
/// A task may wait so long for somebody who offers its protocol: a worker that was restarted is back by then.
const UNOFFERED_MS: u64 = 10_000;
/// So long after its time, what should have happened then has not.
const OVERDUE_MS: u64 = 30_000;
/// Executions read at once.
const PAGE: u32 = 500;
/// Who raises.
const COMPONENT: &str = "sweeper";

pub(crate) struct Sweeper {
    pub(crate) api: Api,
    pub(crate) server: Arc<str>,
    /// Tasks the driver knew nothing of when it was last asked.
    unknown: HashSet<TaskKey>,
}

/// What waits for a protocol nobody offers.
struct Unoffered {
    tasks: usize,
    first: TaskKey,
}

impl Sweeper {
    pub(crate) fn new(api: Api, server: Arc<str>) -> Self {
        Self { api, server, unknown: HashSet::new() }
    }

    /// Sweeps until it is dropped.
    pub(crate) async fn run(mut self) {
        let environment = self.api.shared().environment.clone();
        while let Err(problem) = self.api.recall_alerts().await {
            tracing::error!(%problem, "alerts cannot be read; trying again");
            environment.sleep(EVERY).await;
        }
        loop {
            environment.sleep(EVERY).await;
            if let Err(problem) = self.sweep().await {
                tracing::error!(%problem, "what does not move cannot be looked for");
            }
        }
    }

    async fn sweep(&mut self) -> Result<(), Problem> {
        let found = self.look().await?;
        let subjects: HashSet<String> = found.iter().map(|alert| alert.subject.clone()).collect();
        for alert in found {
            self.api.raise(COMPONENT, alert).await?;
        }
        for subject in self.api.shared().alerts.raised() {
            if !subjects.contains(&subject) && self.is_over(&subject).await? {
                self.api.clear(COMPONENT, &subject, format!("{subject}: it moves again, or is gone")).await?;
            }
        }
        Ok(())
    }

    /// Everything of this server that does not move.
    async fn look(&mut self) -> Result<Vec<Alert>, Problem> {
        let api = self.api.clone();
        let shared = api.shared();
        let now = shared.environment.now();
        let tasks = shared.store.open_tasks_of(&self.server).await.map_err(from_store)?;
        let mut alerts = self.unoffered(&tasks, now).await;
        let lost = self.lost(&tasks, now).await;
        let with_tasks: HashSet<ExecutionId> = tasks.iter().map(|stored| stored.task.key.execution_id).collect();
        let mut after = None;
        loop {
            let page = shared.store.executions_of(&self.server, after, PAGE).await.map_err(from_store)?;
            let Some(last) = page.last() else { return Ok(alerts) };
            after = Some(last.execution_id);
            for execution in page.iter().filter(|execution| execution.phase == Phase::InProgress) {
                let id = execution.execution_id;
                let lost = lost.iter().find(|key| key.execution_id == id);
                alerts.extend(self.stuck(execution, with_tasks.contains(&id), lost, now).await?);
            }
        }
    }

    async fn unoffered(&self, tasks: &[StoredTask], now: Timestamp) -> Vec<Alert> {
        let (reply, offered) = oneshot::channel();
        if !self.api.shared().driver.tell(Message::Offered(reply)).await {
            return Vec::new();
        }
        let Ok(offered) = offered.await else { return Vec::new() };
        let mut waiting: BTreeMap<&str, Unoffered> = BTreeMap::new();
        for StoredTask { task, due, claimed_by } in tasks {
            if claimed_by.is_none() && now.ms_since(*due) > UNOFFERED_MS && !offered.contains(&task.protocol) {
                let first = || Unoffered { tasks: 0, first: task.key.clone() };
                waiting.entry(&task.protocol).or_insert_with(first).tasks += 1;
            }
        }
        let alert = |(protocol, Unoffered { tasks, first }): (&str, Unoffered)| Alert {
            subject: format!("protocol:{protocol}@{}", self.server),
            code: "no_provider",
            message: format!(
                "{tasks} tasks wait for protocol `{protocol}`, which nobody at this server offers (the first: {first}); \
                 start a worker that does, or cancel the executions"
            ),
        };
        waiting.into_iter().map(alert).collect()
    }

    /// Tasks of this server that its driver knows nothing of, and knew nothing of a sweep ago: what is only on its way
    /// has come by then.
    async fn lost(&mut self, tasks: &[StoredTask], now: Timestamp) -> Vec<TaskKey> {
        let own = [format!("{}/local", self.server), format!("{}/engine", self.server)];
        let is_own = |claimed_by: &Option<String>| claimed_by.as_ref().is_none_or(|worker| own.contains(worker));
        let overdue = |stored: &&StoredTask| now.ms_since(stored.due) > OVERDUE_MS && is_own(&stored.claimed_by);
        let keys: Vec<TaskKey> = tasks.iter().filter(overdue).map(|stored| stored.task.key.clone()).collect();
        let (reply, unknown) = oneshot::channel();
        let unknown = match self.api.shared().driver.tell(Message::Unknown { keys, reply }).await {
            true => unknown.await.unwrap_or_default(),
            false => Vec::new(),
        };
        let before = std::mem::replace(&mut self.unknown, unknown.into_iter().collect());
        self.unknown.intersection(&before).cloned().collect()
    }

    /// An execution whose time has passed without it, or that waits for nothing.
    async fn stuck(
        &self,
        execution: &ActiveExecution,
        has_tasks: bool,
        lost: Option<&TaskKey>,
        now: Timestamp,
    ) -> Result<Option<Alert>, Problem> {
        let (id, path) = (execution.execution_id, &execution.path);
        let what = match execution.wake_at {
            Some(due) if now.ms_since(due) > OVERDUE_MS => {
                format!("something of it was due at {} and has not happened", due.to_rfc3339())
            }
            _ if lost.is_some() => {
                let key = lost.map(ToString::to_string).unwrap_or_default();
                format!("task {key} is open, and nothing at this server will begin it")
            }
            None if !has_tasks && self.waits_for_nothing(execution).await? => {
                "no task, no time and nobody is waited for".to_owned()
            }
            _ => return Ok(None),
        };
        Ok(Some(Alert {
            subject: subject(id),
            code: "execution_stuck",
            message: format!(
                "execution {id} (playbook `{path}`) does not move: {what}; restart the server, which takes it up \
                 anew, or terminate it"
            ),
        }))
    }

    /// As of its log: one that moved meanwhile does not count.
    async fn waits_for_nothing(&self, execution: &ActiveExecution) -> Result<bool, Problem> {
        let shared = self.api.shared();
        let entry = shared.catalog.entry(&execution.path, Some(execution.playbook_version)).await?;
        let slot = Slot::load(&shared.store, execution.execution_id, entry).await.map_err(from_store)?;
        Ok(slot.event_count() == execution.version && slot.waits_for_nothing())
    }

    /// Whether what was raised is this server's to clear: it looked, and found nothing.
    async fn is_over(&self, subject: &str) -> Result<bool, Problem> {
        if let Some(id) = subject.strip_prefix("execution:") {
            let Ok(id) = id.parse::<ExecutionId>() else { return Ok(true) };
            // One that another server has taken over is that one's.
            let found = self.api.shared().store.execution(id).await.map_err(from_store)?;
            return Ok(found.is_none_or(|detail| detail.summary.outcome.is_some()) || self.is_ours(id).await?);
        }
        Ok(subject.starts_with("protocol:") && subject.ends_with(&format!("@{}", self.server)))
    }

    async fn is_ours(&self, id: ExecutionId) -> Result<bool, Problem> {
        let before = ExecutionId(uuid::Uuid::from_u128(id.0.as_u128().saturating_sub(1)));
        let found = self.api.shared().store.executions_of(&self.server, Some(before), 1).await.map_err(from_store)?;
        Ok(found.first().is_some_and(|execution| execution.execution_id == id))
    }
}

fn subject(id: ExecutionId) -> String {
    format!("execution:{id}")
}
