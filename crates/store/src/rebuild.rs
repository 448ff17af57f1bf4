//! Computing anew, from the log alone, what is kept beside it: the tables of executions, their data and counts, keys,
//! lineage, queue and inbox. Owners and the times to wake at stay as they are: servers give both anew. Blobs are part of
//! the log, tasks come and go by the engine's word; of tasks only those of executions that are over go.

use crate::{
    Store, StoreError,
    approvals::sweep,
    sql::{
        beside::{self, Beside},
        connection::Connection,
        database::repeatedly,
        encode::unless_null,
        payload::written,
        read::{events, parsed},
        statement::sql,
    },
    state,
};
use protocol::{Envelope, Epoch, Event, ExecutionId, Outcome, Phase, Position, Timestamp, event::Progress};

/// Executions whose rows are written together.
const EXECUTIONS: u32 = 100;
/// Events of one execution read at once.
const EVENTS: u32 = 1_000;

/// What was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rebuilt {
    pub executions: u64,
    pub events: u64,
}

impl dyn Store {
    /// Whole or not at all. Nobody commits meanwhile, which is long where the log is: some 100,000 events in a few
    /// seconds.
    pub async fn rebuild(&self) -> Result<Rebuilt, StoreError> {
        let epoch = self.epoch().clone();
        self.database().write(repeatedly(move |connection| Box::pin(rebuild(connection, epoch.clone())))).await
    }
}

async fn rebuild(connection: &mut Connection<'_>, epoch: Epoch) -> Result<Rebuilt, StoreError> {
    connection.take_log(&epoch).await?;
    for table in ["execution_data", "execution_counts", "submissions", "lineage", "queue", "waiting_approvals"] {
        let mut delete = sql("DELETE FROM ");
        delete.push(table);
        delete.execute(connection).await?;
    }
    let mut rebuilt = Rebuilt::default();
    let mut after = String::new();
    loop {
        let ids: Vec<(String,)> = sql("SELECT DISTINCT execution_id FROM events
            WHERE execution_id IS NOT NULL AND execution_id > $1 ORDER BY execution_id LIMIT $2")
        .bind(&after)
        .bind(EXECUTIONS)
        .all(connection)
        .await?;
        let Some((last,)) = ids.last() else { break };
        after.clone_from(last);
        let mut besides = Vec::with_capacity(ids.len());
        for (id,) in &ids {
            let id = parsed(id, || "an execution's id".to_owned())?;
            let fold = fold(connection, id).await?;
            rebuilt.executions += 1;
            rebuilt.events += fold.version;
            fold.write(connection, id).await?;
            if let Some(mut beside) = fold.beside {
                if fold.state.0 != Phase::Initial {
                    beside.queued = None;
                }
                beside.let_in = false;
                beside.blobs.clear();
                besides.push((id, beside));
            }
        }
        beside::write(connection, besides.iter().map(|(id, beside)| (*id, &**beside))).await?;
    }
    for finish in [
        "DELETE FROM executions WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.execution_id = executions.execution_id)",
        "INSERT INTO execution_counts (path, state, executions) SELECT path, state, count(*) FROM executions
            GROUP BY path, state",
        // A task's key begins with its execution's id.
        "DELETE FROM tasks WHERE NOT EXISTS (SELECT 1 FROM executions x
            WHERE x.execution_id = substr(tasks.key, 1, 36) AND x.state IN ('initial', 'in_progress'))",
    ] {
        sql(finish).execute(connection).await?;
    }
    sweep(connection).await?;
    Ok(rebuilt)
}

/// An execution's row, as its events make it.
struct Fold {
    version: u64,
    position: Position,
    path: String,
    playbook_version: u32,
    state: (Phase, Option<Outcome>),
    step: Option<String>,
    progress: Progress,
    created_at: Timestamp,
    ended_at: Option<Timestamp>,
    input: Option<String>,
    result: Option<String>,
    error: Option<String>,
    beside: Option<Box<Beside>>,
}

async fn fold(connection: &mut Connection<'_>, id: ExecutionId) -> Result<Fold, StoreError> {
    let mut fold = Fold {
        version: 0,
        position: Position(0),
        path: String::new(),
        playbook_version: 0,
        state: (Phase::Initial, None),
        step: None,
        progress: Progress::default(),
        created_at: Timestamp(0),
        ended_at: None,
        input: None,
        result: None,
        error: None,
        beside: None,
    };
    loop {
        let page = events::of_execution(connection, id, fold.position, EVENTS).await?;
        for envelope in &page {
            fold.apply(envelope)?;
        }
        if page.is_empty() {
            return Ok(fold);
        }
    }
}

impl Fold {
    fn apply(&mut self, envelope: &Envelope) -> Result<(), StoreError> {
        let event = &envelope.event;
        self.version += 1;
        self.position = envelope.position.unwrap_or(self.position);
        if self.version == 1 {
            self.created_at = envelope.time;
        }
        Beside::note(&mut self.beside, event, self.version, envelope.time)?;
        if let Some(path) = event.path() {
            path.clone_into(&mut self.path);
        }
        match event {
            // They tell of a step, and move nothing.
            Event::SignalReceived(_) | Event::ReportLate(_) => {}
            event => {
                if let Some(step) = event.step() {
                    self.step = Some(step.to_owned());
                }
            }
        }
        match event {
            Event::ExecutionQueued(e) => {
                self.playbook_version = e.version;
                self.input = unless_null(Some(written(&e.input)));
            }
            Event::ExecutionStart(e) => {
                self.playbook_version = e.version;
                self.input = unless_null(Some(written(&e.input)));
                self.state = (Phase::InProgress, None);
                self.progress = e.progress;
            }
            Event::StepStarted(e) => self.progress = e.progress,
            Event::StepCompleted(e) => self.progress = e.progress,
            Event::StepFailed(e) => self.progress = e.progress,
            Event::StepReused(e) => self.progress = e.progress,
            Event::ExecutionComplete(e) => {
                self.state = (Phase::Completed, Some(e.outcome));
                self.progress = e.progress;
                self.ended_at = Some(envelope.time);
                self.result = unless_null(Some(written(&e.result)));
                self.error = e.error.as_ref().map(written);
            }
            _ => {}
        }
        Ok(())
    }

    async fn write(&self, connection: &mut Connection<'_>, id: ExecutionId) -> Result<(), StoreError> {
        let (phase, outcome) = self.state;
        let state = state::word(phase, outcome).ok_or_else(|| StoreError::Corrupt(format!("the state of {id}")))?;
        let percent = match self.progress {
            _ if outcome == Some(Outcome::Completed) => 100.0,
            Progress { known: 0, .. } => 0.0,
            Progress { completed, known } => f64::from(completed) * 100.0 / f64::from(known),
        };
        sql("INSERT INTO executions (execution_id, version, path, playbook_version, state, step, progress, created_at,
                ended_at, error, position)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            ON CONFLICT (execution_id) DO UPDATE SET version = excluded.version, path = excluded.path,
                playbook_version = excluded.playbook_version, state = excluded.state, step = excluded.step,
                progress = excluded.progress, created_at = excluded.created_at, ended_at = excluded.ended_at,
                error = excluded.error, position = excluded.position,
                wake_at = CASE WHEN excluded.ended_at IS NULL THEN executions.wake_at END")
        .bind(id)
        .bind(self.version.cast_signed())
        .bind(&self.path)
        .bind(self.playbook_version)
        .bind(state)
        .bind(&self.step)
        .bind(percent)
        .bind(self.created_at)
        .bind(self.ended_at)
        .bind(&self.error)
        .bind(self.position.0.cast_signed())
        .execute(connection)
        .await?;
        sql("INSERT INTO execution_data (execution_id, input, result) VALUES ($1, $2, $3)")
            .bind(id)
            .bind(&self.input)
            .bind(&self.result)
            .execute(connection)
            .await
            .map(drop)
    }
}
