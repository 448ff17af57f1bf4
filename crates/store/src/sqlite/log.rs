//! The writer's connection: a group becomes one transaction. Almost always nothing stands in the way of any of its
//! commits, and where the log ends is known from the group before: then it is one script, which refuses itself if
//! that turns out wrong. Else it is two, with the decision which commits go through in between.

use super::{
    connect::Place,
    failure::{is_constraint, store_error},
    plan::{Found, Plan, expectations, plan},
    rows::JsonRows,
    script::{FIND_COMMITS, OPEN, Scripts},
};
use crate::{
    StoreError,
    sql::{
        backend::{Failed, Fate, Job, Known, Log, Written},
        beside,
        connection::Connection,
        read::events,
        recent::{Answer, Recent},
        request::Waiting,
    },
};
use async_trait::async_trait;
use protocol::{ExecutionId, Position};
use sqlx::{ConnectOptions, Connection as _, Row, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{collections::HashMap, sync::Arc};
use tokio::sync::RwLock;

pub(super) struct SqliteLog {
    options: SqliteConnectOptions,
    /// `None` after a failure: the next request opens a new one.
    connection: Option<SqliteConnection>,
    scripts: Scripts,
    /// The newest position, as the group before left it; `None` when somebody must look.
    head: Option<u64>,
    /// Keeps readers out during a transaction where SQLite would make them poll: a database in memory has no WAL.
    gate: Option<Arc<RwLock<()>>>,
}

impl SqliteLog {
    pub(super) fn new(
        options: SqliteConnectOptions,
        connection: SqliteConnection,
        gate: Option<Arc<RwLock<()>>>,
    ) -> Self {
        Self { options, connection: Some(connection), scripts: Scripts::default(), head: None, gate }
    }

    /// The commits at the end of the log.
    pub(super) async fn known(&mut self) -> Result<Known, StoreError> {
        events::newest_commits(&mut Connection::Sqlite(self.connection().await?)).await
    }

    /// Returns what was written and the bytes of its events.
    async fn transaction(&mut self, group: &[Waiting<JsonRows>], recent: &Recent) -> Result<(Plan, usize), Failed> {
        let expected = expectations(group.iter().map(|(entry, _)| &**entry), recent);
        if let Some(head) = self.head.take()
            && group.iter().all(|(entry, _)| entry.beside.is_none())
        {
            match self.as_expected(group, recent, head, expected.clone()).await {
                Ok(done) => return Ok(done),
                Err(error) => {
                    tracing::debug!(%error, "a group did not find what it expected, and looks");
                    self.roll_back().await;
                }
            }
        }
        let (plan, bytes) = self.looking(group, recent, expected).await?;
        self.head = Some(plan.head + plan.event_count);
        Ok((plan, bytes))
    }

    /// One script, which takes it for granted that the log ends at `head` and nobody stands in the way.
    async fn as_expected(
        &mut self,
        group: &[Waiting<JsonRows>],
        recent: &Recent,
        head: u64,
        expected: String,
    ) -> Result<(Plan, usize), StoreError> {
        let entries = group.iter().map(|(entry, _)| &**entry);
        let mut plan = plan(entries, recent, head, &HashMap::new(), HashMap::new());
        let bytes = plan.events.len();
        if !plan.is_empty() {
            let script = self.scripts.write(&mut plan, Some(expected));
            script.execute(self.connection().await?).await.map_err(store_error)?;
        }
        self.head = Some(head + plan.event_count);
        Ok((plan, bytes))
    }

    /// Two scripts, with the decision in between.
    async fn looking(
        &mut self,
        group: &[Waiting<JsonRows>],
        recent: &Recent,
        expected: String,
    ) -> Result<(Plan, usize), Failed> {
        let connection = self.connection().await?;
        let rows = sqlx::query(OPEN).bind(expected).fetch_all(&mut *connection).await.map_err(failed)?;
        let row = rows.first().ok_or(sqlx::Error::RowNotFound).map_err(failed)?;
        let head: i64 = row.try_get(0).map_err(failed)?;
        let surprises: String = row.try_get(1).map_err(failed)?;
        let surprises = parse_surprises(&surprises)?;
        let besides = group.iter().filter_map(|(entry, _)| entry.beside.as_deref());
        let taken = beside::taken(&mut Connection::Sqlite(connection), besides).await?;
        let entries = group.iter().map(|(entry, _)| &**entry);
        let mut plan = plan(entries, recent, head.cast_unsigned(), &surprises, taken);
        let applied = group.iter().zip(&plan.fates).filter_map(|((entry, _), fate)| {
            let id = entry.change.as_ref()?.execution_id;
            entry.beside.as_deref().filter(|_| matches!(fate, Fate::Applied { .. })).map(|beside| (id, beside))
        });
        beside::write(&mut Connection::Sqlite(connection), applied).await?;
        let bytes = plan.events.len();
        let script = if plan.is_empty() { sqlx::query("ROLLBACK") } else { self.scripts.write(&mut plan, None) };
        let connection = self.connection().await?;
        script.execute(connection).await.map_err(failed)?;
        Ok((plan, bytes))
    }

    /// Those of the conflicting commits that are in the log: retries of commits too old to be remembered.
    async fn find_conflicting(
        &mut self,
        group: &[Waiting<JsonRows>],
        fates: &[Fate],
    ) -> Result<HashMap<usize, Position>, sqlx::Error> {
        let mut asked = Vec::new();
        let mut indices = Vec::new();
        for (index, ((entry, _), fate)) in group.iter().zip(fates).enumerate() {
            if let (Fate::Conflict { found }, Some(change)) = (fate, &entry.change)
                && *found > change.expected
            {
                asked.push((change.execution_id, change.expected + 1, entry.id));
                indices.push(index);
            }
        }
        if asked.is_empty() {
            return Ok(HashMap::new());
        }
        let Some(connection) = &mut self.connection else { return Ok(HashMap::new()) };
        let asked = serde_json::to_string(&asked).expect("ids and numbers are JSON");
        let rows: Vec<(i64, i64)> = sqlx::query_as(FIND_COMMITS).bind(asked).fetch_all(connection).await?;
        Ok(rows
            .into_iter()
            .filter_map(|(key, position)| {
                let index = indices.get(usize::try_from(key).ok()?)?;
                Some((*index, Position(position.cast_unsigned())))
            })
            .collect())
    }

    async fn job(&mut self, job: Job) -> Result<(), StoreError> {
        let connection = self.connection().await?;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await.map_err(store_error)?;
        job(&mut Connection::Sqlite(connection)).await?;
        sqlx::query("COMMIT").execute(&mut *connection).await.map_err(store_error)?;
        Ok(())
    }

    async fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        if self.connection.is_none() {
            self.connection = Some(self.options.connect().await.map_err(store_error)?);
        }
        Ok(self.connection.as_mut().expect("just opened"))
    }

    /// Leaves no transaction open, whatever happened.
    async fn roll_back(&mut self) {
        let Some(connection) = &mut self.connection else { return };
        let Err(error) = sqlx::query("ROLLBACK").execute(connection).await else { return };
        // SQLite has rolled back by itself after many errors, and then says there is no transaction.
        if error.as_database_error().is_some_and(|error| error.message().contains("no transaction is active")) {
            return;
        }
        tracing::warn!(%error, "rolling back failed; the connection is replaced");
        if let Some(connection) = self.connection.take() {
            let _ = connection.close_hard().await;
        }
    }
}

#[async_trait]
impl Log for SqliteLog {
    type Rows = JsonRows;

    async fn write(&mut self, group: &[Waiting<JsonRows>], recent: &mut Recent) -> Result<Written, Failed> {
        let gate = self.gate.clone();
        let _guard = match &gate {
            Some(gate) => Some(gate.write().await),
            None => None,
        };
        let (mut plan, bytes) = match self.transaction(group, recent).await {
            Ok(done) => done,
            Err(error) => {
                self.roll_back().await;
                return Err(error);
            }
        };
        let flushed = !plan.is_empty();
        // The commits are made; if this cannot be read now, a retry is answered as a conflict.
        let before = self.find_conflicting(group, &plan.fates).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "looking for commits made before");
            HashMap::new()
        });
        for (index, first) in before {
            plan.fates[index] = Fate::Duplicate(Answer { first, has_events: true });
        }
        Ok(Written { fates: plan.fates, bytes, flushed })
    }

    async fn beside(&mut self, job: Job) -> Result<(), StoreError> {
        let gate = self.gate.clone();
        let _guard = match &gate {
            Some(gate) => Some(gate.write().await),
            None => None,
        };
        self.head = None;
        let done = self.job(job).await;
        if done.is_err() {
            self.roll_back().await;
        }
        done
    }

    async fn close(mut self) {
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "closing the database");
        }
    }
}

fn failed(error: sqlx::Error) -> Failed {
    Failed { constraint: is_constraint(&error), error: store_error(error) }
}

fn parse_surprises(json: &str) -> Result<HashMap<ExecutionId, Found>, StoreError> {
    let rows: Vec<(ExecutionId, u64, Option<String>)> =
        serde_json::from_str(json).map_err(|error| StoreError::Corrupt(format!("a row of executions: {error}")))?;
    Ok(rows.into_iter().map(|(id, version, state)| (id, Found { version, state })).collect())
}

/// Opens the writer's connection for the first time.
pub(super) async fn connect(place: &Place, options: &SqliteConnectOptions) -> Result<SqliteConnection, StoreError> {
    let connected = options.connect().await;
    connected.map_err(|error| match (store_error(error), place) {
        (StoreError::Backend { message, temporary }, Place::File(path)) => {
            StoreError::Backend { message: format!("opening {}: {message}", path.display()), temporary }
        }
        (error, _) => error,
    })
}
