//! Running executions again, and where executions come from.

use super::{
    Api, from_store,
    submit::{Beginning, checked_input},
};
use engine::{Playbook, Reuse};
use protocol::{
    Action, Envelope, Event, ExecutionId, Position, Problem, TaskError,
    api::{Lineage, ParentTask, RerunRequest, Submitted},
    event::Rerun,
};
use serde_json::Value;
use std::sync::Arc;

/// Events read at once.
const PAGE: u32 = 1_000;

impl Api {
    /// Runs an execution again, as a new one that knows which it repeats.
    ///
    /// # Errors
    /// 404 when there is none; 409 `not_ended`; 422 `unknown_step`, `step_not_reached`; else as [`Api::submit`].
    pub async fn rerun(&self, of: ExecutionId, request: RerunRequest) -> Result<Submitted, Problem> {
        self.require(Action::Run)?;
        let RerunRequest { from, input, version, idempotency_key } = request;
        let summary = self.execution(of).await?.summary;
        let entry = self.shared.catalog.entry(&summary.path, version.or(summary.version)).await?;
        let log = self.whole_log(of).await?;
        let reuse = reuse(&entry.playbook, of, &log, from.as_deref())?;
        let input = match input {
            Some(input) => Arc::new(checked_input(Some(input))?),
            None => input_of(&log).ok_or_else(|| Problem::internal(format!("execution {of} has no start")))?,
        };
        self.begin(Beginning {
            path: summary.path,
            version: Some(entry.row.version),
            input,
            idempotency_key,
            priority: None,
            trigger: None,
            rerun: Some((Rerun { of, from }, Arc::new(reuse))),
        })
        .await
    }

    /// What a rerun that had to wait to be let in takes over.
    pub(crate) async fn reuse_of(&self, playbook: &Playbook, rerun: &Rerun) -> Result<Arc<Reuse>, Problem> {
        let log = self.whole_log(rerun.of).await?;
        reuse(playbook, rerun.of, &log, rerun.from.as_deref()).map(Arc::new)
    }

    /// Where an execution comes from; `None` when somebody just started it.
    pub(super) async fn lineage(&self, id: ExecutionId) -> Result<Option<Lineage>, Problem> {
        let found = self.shared.store.lineage(id).await.map_err(from_store)?;
        Ok(found.map(|row| Lineage {
            parent: row.parent.map(|parent| ParentTask { execution_id: parent.execution_id, task: parent.task }),
            rerun: row.rerun_of.map(|of| Rerun { of, from: row.rerun_from }),
            trigger: row.trigger,
        }))
    }

    async fn whole_log(&self, id: ExecutionId) -> Result<Vec<Envelope>, Problem> {
        let (store, mut log, mut after) = (&self.shared.store, Vec::new(), Position(0));
        loop {
            let mut page = store.execution_events(id, after, PAGE).await.map_err(from_store)?;
            let Some(last) = page.last() else { return Ok(log) };
            after = last.position.unwrap_or(after);
            store.hydrate(&mut page).await.map_err(from_store)?;
            log.append(&mut page);
        }
    }
}

fn reuse(playbook: &Playbook, of: ExecutionId, log: &[Envelope], from: Option<&str>) -> Result<Reuse, Problem> {
    engine::reuse_from(playbook, of, log.iter().map(|envelope| &envelope.event), from).map_err(|error| {
        let TaskError { code, message, .. } = error;
        Problem::new(if code == "not_ended" { 409 } else { 422 }, &code, "Cannot run again", message)
    })
}

fn input_of(log: &[Envelope]) -> Option<Arc<Value>> {
    log.iter().find_map(|envelope| match &envelope.event {
        Event::ExecutionStart(start) => Some(start.input.clone()),
        Event::ExecutionQueued(queued) => Some(queued.input.clone()),
        _ => None,
    })
}
