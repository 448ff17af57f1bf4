//! The one writer: a task with its own connection. Everything that waits for it becomes one transaction.
//!
//! Callers only send and wait, so dropping a caller's future cannot stop a script half way.

use super::{
    connect::Place,
    failure::{is_constraint, store_error},
    linger::{Linger, PATIENCE},
    plan::{Fate, Found, Plan, expectations, plan},
    read::playbooks,
    recent::{Answer, Recent},
    request::{Answered, GROUP, Request, Waiting, take_group},
    script::{FIND_COMMITS, OPEN, Scripts},
};
use crate::{NewPlaybook, PlaybookRow, StoreError, feed::Feed};
use futures::FutureExt;
use protocol::{ExecutionId, Position};
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};
use tokio::sync::{RwLock, mpsc, watch};

pub(super) struct Writer {
    options: SqliteConnectOptions,
    /// `None` after a failure: the next request opens a new one.
    connection: Option<SqliteConnection>,
    requests: mpsc::Receiver<Request>,
    closing: watch::Receiver<bool>,
    linger: Linger,
    scripts: Scripts,
    recent: Recent,
    feed: Arc<Feed>,
    flushes: Arc<AtomicU64>,
    /// Keeps readers out during a transaction where SQLite would make them poll: a database in memory has no WAL.
    gate: Option<Arc<RwLock<()>>>,
}

/// What the writer shares with the store's handle.
pub(super) struct Shared {
    pub(super) requests: mpsc::Receiver<Request>,
    pub(super) closing: watch::Receiver<bool>,
    pub(super) feed: Arc<Feed>,
    pub(super) flushes: Arc<AtomicU64>,
    pub(super) gate: Option<Arc<RwLock<()>>>,
}

impl Writer {
    pub(super) fn new(options: SqliteConnectOptions, connection: SqliteConnection, shared: Shared) -> Self {
        let Shared { requests, closing, feed, flushes, gate } = shared;
        Self {
            options,
            connection: Some(connection),
            requests,
            closing,
            linger: Linger::default(),
            scripts: Scripts::default(),
            recent: Recent::default(),
            feed,
            flushes,
            gate,
        }
    }

    /// Knows the commits at the end of the log again.
    pub(super) async fn remember(&mut self) -> Result<(), StoreError> {
        let connection = self.connection().await?;
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT commit_id, position FROM events
            WHERE position > (SELECT coalesce(max(position), 0) FROM events) - 4096 AND commit_id IS NOT NULL",
        )
        .fetch_all(connection)
        .await
        .map_err(store_error)?;
        for (id, position) in rows {
            let id = id.parse().map_err(|_| StoreError::Corrupt(format!("event at position {position}: commit id")))?;
            self.recent.insert(id, Answer { first: Position(position.cast_unsigned()), has_events: true });
        }
        Ok(())
    }

    /// Runs until the store is closed or dropped and nothing waits any more.
    pub(super) async fn run(mut self) {
        let mut waiting: VecDeque<Request> = VecDeque::with_capacity(GROUP);
        let mut arrived = Vec::with_capacity(GROUP);
        let mut closing = self.closing.clone();
        loop {
            if waiting.is_empty() {
                tokio::select! {
                    biased;
                    count = self.requests.recv_many(&mut arrived, GROUP) => if count == 0 { break },
                    _ = closing.changed(), if !self.requests.is_closed() => self.requests.close(),
                }
            } else if waiting.len() < GROUP {
                let room = GROUP - waiting.len();
                // Only what is here already.
                let _ = self.requests.recv_many(&mut arrived, room).now_or_never();
            }
            waiting.extend(arrived.drain(..));
            self.linger(&mut waiting, &mut arrived).await;
            match waiting.pop_front() {
                Some(Request::Register(playbook, answer)) => {
                    // A caller that has gone does not mind.
                    let _ = answer.send(self.register(&playbook).await);
                }
                Some(commit) => {
                    waiting.push_front(commit);
                    let group = take_group(&mut waiting);
                    self.linger.wrote(group.len());
                    self.commit_group(group).await;
                }
                None => {}
            }
        }
        self.feed.end();
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "closing the database");
        }
    }

    /// Looks on for a moment, if that is worth it.
    async fn linger(&mut self, waiting: &mut VecDeque<Request>, arrived: &mut Vec<Request>) {
        let (wanted, before) = (self.linger.wanted(), waiting.len());
        if before >= wanted || self.requests.is_closed() {
            return;
        }
        let begin = Instant::now();
        while waiting.len() < wanted && begin.elapsed() < PATIENCE {
            tokio::task::yield_now().await;
            let _ = self.requests.recv_many(arrived, wanted - waiting.len()).now_or_never();
            waiting.extend(arrived.drain(..));
        }
        self.linger.waited(before, waiting.len());
    }

    async fn commit_group(&mut self, mut group: Vec<Waiting>) {
        match self.write(&mut group).await {
            Ok(answers) => {
                for ((_, answer), result) in group.into_iter().zip(answers) {
                    let _ = answer.send(result);
                }
            }
            // One of them holds a row that cannot be: alone, each gets its own answer.
            Err(Failed { constraint: true, .. }) if group.len() > 1 => {
                for waiting in group {
                    let mut alone = vec![waiting];
                    let result = self.write(&mut alone).await;
                    answer_one(alone, result);
                }
            }
            Err(Failed { error, .. }) => {
                tracing::warn!(%error, commits = group.len(), "nothing was committed");
                for (_, answer) in group {
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
    }

    /// One transaction. After an error nothing of it is there.
    async fn write(&mut self, group: &mut [Waiting]) -> Result<Vec<Result<Answered, StoreError>>, Failed> {
        let gate = self.gate.clone();
        let guard = match &gate {
            Some(gate) => Some(gate.write().await),
            None => None,
        };
        let (plan, bytes) = match self.transaction(group).await {
            Ok(done) => done,
            Err(error) => {
                self.roll_back().await;
                return Err(error);
            }
        };
        if !plan.is_empty() {
            self.flushes.fetch_add(1, Relaxed);
        }
        // The commits are made; if this cannot be read now, a retry is answered as a conflict.
        let before = self.find_conflicting(group, &plan.fates).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "looking for commits made before");
            HashMap::new()
        });
        drop(guard);
        let mut batch = Vec::new();
        let mut answers: Vec<Result<Answered, StoreError>> = Vec::with_capacity(group.len());
        for (index, ((entry, _), fate)) in group.iter_mut().zip(&plan.fates).enumerate() {
            answers.push(match (fate, &entry.change) {
                (Fate::Applied { first }, _) => {
                    let events = entry.placed(*first);
                    self.recent.insert(entry.id, Answer { first: *first, has_events: !events.is_empty() });
                    if !events.is_empty() {
                        batch.push(events.clone());
                    }
                    Ok(Answered::Applied { first: *first, events })
                }
                (Fate::Duplicate(answer), _) => Ok(Answered::Before(*answer)),
                (Fate::Same(earlier), _) => answers[*earlier].clone(),
                (Fate::Conflict { found }, Some(change)) => match before.get(&index) {
                    Some(first) => Ok(Answered::Before(Answer { first: *first, has_events: true })),
                    None => Err(StoreError::Conflict {
                        execution: change.execution_id,
                        expected: change.expected,
                        found: *found,
                    }),
                },
                (Fate::Conflict { .. }, None) => unreachable!("only a commit of an execution can conflict"),
            });
        }
        if !batch.is_empty() {
            self.feed.send(batch, bytes);
        }
        Ok(answers)
    }

    /// Returns what was written and the bytes of its events.
    async fn transaction(&mut self, group: &[Waiting]) -> Result<(Plan, usize), Failed> {
        let expected = expectations(group.iter().map(|(entry, _)| &**entry), &self.recent);
        let connection = self.connection().await.map_err(|error| Failed { error, constraint: false })?;
        let rows = sqlx::query(OPEN).bind(expected).fetch_all(&mut *connection).await.map_err(Failed::of)?;
        let row = rows.first().ok_or(sqlx::Error::RowNotFound).map_err(Failed::of)?;
        let head: i64 = row.try_get(0).map_err(Failed::of)?;
        let surprises: String = row.try_get(1).map_err(Failed::of)?;
        let surprises = parse_surprises(&surprises)?;
        let entries = group.iter().map(|(entry, _)| &**entry);
        let mut plan = plan(entries, &self.recent, head.cast_unsigned(), &surprises);
        let bytes = plan.events.len();
        let script = if plan.is_empty() { sqlx::query("ROLLBACK") } else { self.scripts.write(&mut plan) };
        let connection = self.connection().await.map_err(|error| Failed { error, constraint: false })?;
        script.execute(connection).await.map_err(Failed::of)?;
        Ok((plan, bytes))
    }

    /// Those of the conflicting commits that are in the log: retries of commits too old to be remembered.
    async fn find_conflicting(
        &mut self,
        group: &[Waiting],
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

    async fn register(&mut self, playbook: &NewPlaybook) -> Result<(PlaybookRow, bool), StoreError> {
        let gate = self.gate.clone();
        let _guard = match &gate {
            Some(gate) => Some(gate.write().await),
            None => None,
        };
        let connection = self.connection().await?;
        let registered = playbooks::register(connection, playbook).await;
        if registered.is_err() {
            self.roll_back().await;
        }
        registered
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

/// Why a transaction was not made.
struct Failed {
    error: StoreError,
    /// Some row was refused: others of the group may do.
    constraint: bool,
}

impl Failed {
    fn of(error: sqlx::Error) -> Self {
        Self { constraint: is_constraint(&error), error: store_error(error) }
    }
}

fn answer_one(alone: Vec<Waiting>, result: Result<Vec<Result<Answered, StoreError>>, Failed>) {
    for (_, answer) in alone {
        let result = match &result {
            Ok(answers) => answers.first().cloned().unwrap_or(Err(StoreError::Closed)),
            Err(failed) => Err(failed.error.clone()),
        };
        let _ = answer.send(result);
    }
}

fn parse_surprises(json: &str) -> Result<HashMap<ExecutionId, Found>, Failed> {
    let rows: Vec<(ExecutionId, u64, Option<String>)> = serde_json::from_str(json).map_err(|error| Failed {
        error: StoreError::Corrupt(format!("a row of executions: {error}")),
        constraint: false,
    })?;
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
