//! The writer's connection: a group becomes one transaction. Almost always nothing stands in the way of any of its
//! commits: they are written as if that were so, and only if an execution turns out not to be as expected the group
//! begins anew and looks first.

use super::{
    connect::Place,
    failure::{store_error, writing},
    group::{self, Unwritten},
    hands::Hands,
    plan::{Plan, expectations, plan},
    rows::BoundRows,
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
use protocol::Position;
use sqlx::{ConnectOptions, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{collections::HashMap, sync::Arc};
use tokio::sync::{OwnedRwLockWriteGuard, RwLock};

/// For each `[execution_id, version, commit_id]` that is in the log as a commit's first event: its index.
const FIND_COMMITS: &str = "
SELECT j.key, e.position FROM jsonb_each(jsonb(?)) j
JOIN events e ON e.execution_id = j.value->>0 AND e.version = j.value->>1
WHERE e.commit_id = j.value->>2";

pub(super) struct SqliteLog {
    options: SqliteConnectOptions,
    /// `None` after a failure: the next request opens a new one.
    hands: Option<Hands>,
    /// Keeps readers out during a transaction where SQLite would make them poll: a database in memory has no WAL.
    gate: Option<Arc<RwLock<()>>>,
}

/// What a group became, and the bytes of its events.
type Done = (Vec<Fate>, bool, usize);

impl SqliteLog {
    pub(super) fn new(options: SqliteConnectOptions, hands: Hands, gate: Option<Arc<RwLock<()>>>) -> Self {
        Self { options, hands: Some(hands), gate }
    }

    /// The commits at the end of the log.
    pub(super) async fn known(&mut self) -> Result<Known, StoreError> {
        events::newest_commits(&mut Connection::Sqlite(self.hands().await?.sqlx())).await
    }

    async fn transaction(&mut self, group: &[Waiting<BoundRows>], recent: &Recent) -> Result<Done, Failed> {
        if group.iter().all(|(entry, _)| entry.beside.is_none()) {
            let done = as_expected(self.hands().await?.direct().await?, group, recent);
            match done {
                Ok(done) => return Ok(done),
                // A new execution may be there already.
                Err(Unwritten::Surprise | Unwritten::Failed(Failed { constraint: true, .. })) => {
                    tracing::debug!("a group did not find what it expected, and looks");
                    self.roll_back().await;
                }
                Err(Unwritten::Failed(failed)) => return Err(failed),
            }
        }
        self.looking(group, recent).await
    }

    /// Looks first which executions stand in the way.
    async fn looking(&mut self, group: &[Waiting<BoundRows>], recent: &Recent) -> Result<Done, Failed> {
        let entries = || group.iter().map(|(entry, _)| &**entry);
        let hands = self.hands().await?;
        let direct = hands.direct().await?;
        let head = group::begin(direct)?;
        let surprises = group::surprises(direct, &expectations(entries(), recent))?;
        let besides = entries().filter_map(|entry| entry.beside.as_deref());
        let taken = beside::taken(&mut Connection::Sqlite(hands.sqlx()), besides).await?;
        let plan = plan(entries(), recent, head, &surprises, taken);
        let applied = group.iter().zip(&plan.fates).filter_map(|((entry, _), fate)| {
            let id = entry.change.as_ref()?.execution_id;
            entry.beside.as_deref().filter(|_| matches!(fate, Fate::Applied { .. })).map(|beside| (id, beside))
        });
        beside::write(&mut Connection::Sqlite(hands.sqlx()), applied).await?;
        write(hands.direct().await?, plan).map_err(|why| match why {
            Unwritten::Failed(failed) => failed,
            Unwritten::Surprise => StoreError::Corrupt("an execution changed under its writer".to_owned()).into(),
        })
    }

    /// Those of the conflicting commits that are in the log: retries of commits too old to be remembered.
    async fn find_conflicting(
        &mut self,
        group: &[Waiting<BoundRows>],
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
        let Some(hands) = &mut self.hands else { return Ok(HashMap::new()) };
        let asked = serde_json::to_string(&asked).expect("ids and numbers are JSON");
        let rows: Vec<(i64, i64)> = sqlx::query_as(FIND_COMMITS).bind(asked).fetch_all(hands.sqlx()).await?;
        Ok(rows
            .into_iter()
            .filter_map(|(key, position)| {
                let index = indices.get(usize::try_from(key).ok()?)?;
                Some((*index, Position(position.cast_unsigned())))
            })
            .collect())
    }

    async fn job(&mut self, job: Job) -> Result<(), StoreError> {
        let hands = self.hands().await?;
        group::begin(hands.direct().await?).map_err(|error| writing(&error))?;
        job(&mut Connection::Sqlite(hands.sqlx())).await?;
        group::commit(hands.direct().await?).map_err(|error| writing(&error))
    }

    async fn hands(&mut self) -> Result<&mut Hands, StoreError> {
        if self.hands.is_none() {
            self.hands = Some(Hands::connect(&self.options).await.map_err(store_error)?);
        }
        Ok(self.hands.as_mut().expect("just opened"))
    }

    /// Leaves no transaction open, whatever happened.
    async fn roll_back(&mut self) {
        let Some(hands) = &mut self.hands else { return };
        let rolled_back = match hands.direct().await {
            // SQLite has rolled back by itself after many errors.
            Ok(direct) if direct.is_autocommit() => Ok(()),
            Ok(direct) => direct.execute_batch("ROLLBACK").map_err(|error| writing(&error)),
            Err(error) => Err(error),
        };
        let Err(error) = rolled_back else { return };
        tracing::warn!(%error, "rolling back failed; the connection is replaced");
        if let Some(hands) = self.hands.take() {
            let _ = hands.close().await;
        }
    }
}

/// One transaction, which takes it for granted that nobody stands in the way.
fn as_expected(db: &rusqlite::Connection, group: &[Waiting<BoundRows>], recent: &Recent) -> Result<Done, Unwritten> {
    let head = group::begin(db)?;
    let entries = group.iter().map(|(entry, _)| &**entry);
    write(db, plan(entries, recent, head, &HashMap::new(), HashMap::new()))
}

/// Writes and commits; a plan that holds nothing leaves nothing.
fn write(db: &rusqlite::Connection, plan: Plan<'_>) -> Result<Done, Unwritten> {
    let bytes = plan.applied.iter().flat_map(|entry| &entry.rows.events).map(String::len).sum();
    let flushed = !plan.is_empty();
    group::write(db, &plan)?;
    group::commit(db)?;
    Ok((plan.fates, flushed, bytes))
}

#[async_trait]
impl Log for SqliteLog {
    type Rows = BoundRows;

    const BLOCKS: bool = true;

    async fn write(&mut self, group: &[Waiting<BoundRows>], recent: &mut Recent) -> Result<Written, Failed> {
        let _guard = alone(&self.gate).await;
        let (mut fates, flushed, bytes) = match self.transaction(group, recent).await {
            Ok(done) => done,
            Err(error) => {
                self.roll_back().await;
                return Err(error);
            }
        };
        // The commits are made; if this cannot be read now, a retry is answered as a conflict.
        let before = self.find_conflicting(group, &fates).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "looking for commits made before");
            HashMap::new()
        });
        for (index, first) in before {
            fates[index] = Fate::Duplicate(Answer { first, has_events: true });
        }
        Ok(Written { fates, bytes, flushed })
    }

    async fn beside(&mut self, job: Job) -> Result<(), StoreError> {
        let _guard = alone(&self.gate).await;
        let done = self.job(job).await;
        if done.is_err() {
            self.roll_back().await;
        }
        done
    }

    async fn close(mut self) {
        if let Some(hands) = self.hands.take()
            && let Err(error) = hands.close().await
        {
            tracing::warn!(%error, "closing the database");
        }
    }
}

async fn alone(gate: &Option<Arc<RwLock<()>>>) -> Option<OwnedRwLockWriteGuard<()>> {
    match gate {
        Some(gate) => Some(gate.clone().write_owned().await),
        None => None,
    }
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
