//! The writer's connection: a group is one statement; a lost answer is found out about before anything else.

use super::{
    columns::Columns,
    connect::{Patience, Place, Writing},
    failure::{is_in_the_way, is_lost, store_error},
    plan::{Found, Known as States, Plan},
    statement::{self, Statements, Told, find_commits},
    unsettled::{Marked, Unsettled},
};
use crate::{
    StoreError,
    sql::{
        backend::{Failed, Fate, Known, Log, Written},
        beside,
        connection::Connection,
        read::events,
        recent::{Answer, Recent},
        request::Waiting,
    },
};
use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering::Relaxed},
    },
    time::Duration,
};

/// How long one group may take. A connection that says nothing for so long is dead, whatever TCP thinks.
const GROUP_TIME: Duration = Duration::from_secs(60);

pub(super) struct PostgresLog {
    place: Place,
    /// `None` after a failure: the next request opens a new one.
    writing: Option<Writing>,
    /// Its process id, for the listener.
    pid: Arc<AtomicI32>,
    lock: i64,
    channel: String,
    /// Key of this writer's marks.
    mark: String,
    /// Groups so far, for their marks.
    groups: u64,
    statements: Statements,
    /// The newest position known.
    head: u64,
    /// States that were not as guessed.
    states: States,
    unsettled: Option<Unsettled>,
}

/// What the log agrees on with those of other processes.
pub(super) struct Shared {
    pub(super) lock: i64,
    pub(super) channel: String,
    pub(super) pid: Arc<AtomicI32>,
}

/// Why a group was not written.
enum Trouble {
    /// The connection is gone: what became of the group is found out on the next one.
    Lost(StoreError),
    /// Nothing was written, because of something that is over now.
    InTheWay(StoreError),
    /// Nothing was written.
    Failed(StoreError),
}

/// The same, as it is found.
enum Broken {
    Statement(sqlx::Error),
    Beside(StoreError),
}

impl From<sqlx::Error> for Broken {
    fn from(error: sqlx::Error) -> Self {
        Broken::Statement(error)
    }
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Broken::Beside(error)
    }
}

impl PostgresLog {
    pub(super) fn new(place: Place, writing: Writing, shared: Shared) -> Self {
        let Shared { lock, channel, pid } = shared;
        pid.store(writing.backend.pid, Relaxed);
        Self {
            place,
            mark: format!("writer:{}:{}", writing.backend.pid, writing.backend.started),
            groups: 0,
            writing: Some(writing),
            pid,
            lock,
            channel,
            statements: Statements::default(),
            head: 0,
            states: States::new(),
            unsettled: None,
        }
    }

    /// The commits at the end of the log.
    pub(super) async fn known(&mut self) -> Result<Known, StoreError> {
        let writing = self.writing.as_mut().ok_or(StoreError::Closed)?;
        let mut connection = Connection::Postgres(&mut writing.connection);
        self.head = events::head(&mut connection).await?.0;
        events::newest_commits(&mut connection).await
    }

    /// One attempt.
    async fn attempt(&mut self, group: &[Waiting<Columns>], recent: &mut Recent) -> Result<Written, Trouble> {
        self.connect(recent).await?;
        let backend = self.writing.as_ref().expect("connected above").backend.clone();
        let mut under_way = Unsettled { backend, head: self.head, ids: Vec::new(), marked: None };
        let wrote = tokio::time::timeout(GROUP_TIME, self.transact(group, recent, &mut under_way)).await;
        let (plan, found) = match wrote {
            Ok(Ok(done)) => done,
            Ok(Err(broken)) => return Err(self.trouble(broken, under_way).await),
            Err(_) => {
                let message = format!("a group of commits took longer than {GROUP_TIME:?}");
                return Err(self.lost(under_way, StoreError::Backend { message, temporary: true }));
            }
        };
        let mut fates = plan.fates(&found);
        if plan.is_empty() {
            return Ok(Written { fates, bytes: 0, flushed: false });
        }
        self.states = plan.learned(&found);
        self.head = found.head;
        let flushed = plan.units.len() > found.lost.len();
        let bytes = plan.events.iter().map(|event| event.row.data.len()).sum();
        drop(plan);
        self.find_conflicting(group, &mut fates).await;
        Ok(Written { fates, bytes, flushed })
    }

    /// Asks the database, on the open connection. A group that brings something beside the log is a transaction of
    /// several statements, all others are one.
    async fn transact<'g>(
        &mut self,
        group: &'g [Waiting<Columns>],
        recent: &Recent,
        under_way: &mut Unsettled,
    ) -> Result<(Plan<'g>, Found), Broken> {
        let entries: Vec<_> = group.iter().map(|(entry, _)| &**entry).collect();
        let news = entries.iter().copied().filter(|entry| recent.get(entry.id).is_none());
        let brought: Vec<_> = news.filter_map(|entry| entry.beside.as_deref()).collect();
        let writing = self.writing.as_mut().expect("connected by the caller");
        let mut taken = HashMap::new();
        if !brought.is_empty() {
            // The log is taken now, so that nobody else's key comes in between.
            let begin = format!("BEGIN; SELECT pg_advisory_xact_lock({})", self.lock);
            sqlx::raw_sql(AssertSqlSafe(begin)).execute(&mut writing.connection).await?;
            taken = beside::taken(&mut Connection::Postgres(&mut writing.connection), brought.iter().copied()).await?;
        }
        let plan = Plan::of(entries.iter().copied(), recent, &self.states, &taken);
        let mut found = Found { head: self.head, ..Found::default() };
        if !plan.is_empty() {
            let (ids, quiet) = plan.ids(&entries);
            self.groups += 1;
            let group_name = self.groups.to_string();
            under_way.ids = ids;
            under_way.marked =
                (!quiet.is_empty()).then(|| Marked { key: self.mark.clone(), group: group_name, ids: quiet });
            let told = Told {
                lock: self.lock,
                channel: (!plan.events.is_empty()).then_some(self.channel.as_str()),
                mark: under_way.marked.as_ref().map(|marked| (marked.key.as_str(), marked.group.as_str())),
            };
            let query = self.statements.write(&plan, &told);
            found = statement::found(&query.fetch_all(&mut writing.connection).await?)?;
        }
        if !brought.is_empty() {
            let fates = plan.fates(&found);
            let applied = entries.iter().zip(&fates).filter_map(|(entry, fate)| {
                let id = entry.change.as_ref()?.execution_id;
                entry.beside.as_deref().filter(|_| matches!(fate, Fate::Applied { .. })).map(|beside| (id, beside))
            });
            beside::write(&mut Connection::Postgres(&mut writing.connection), applied).await?;
            sqlx::query("COMMIT").execute(&mut writing.connection).await?;
        }
        Ok((plan, found))
    }

    /// What went wrong; leaves no transaction open.
    async fn trouble(&mut self, broken: Broken, under_way: Unsettled) -> Trouble {
        let trouble = match broken {
            Broken::Statement(error) if is_lost(&error) => return self.lost(under_way, store_error(error)),
            Broken::Statement(error) if is_in_the_way(&error) => Trouble::InTheWay(store_error(error)),
            Broken::Statement(error) => Trouble::Failed(store_error(error)),
            Broken::Beside(error @ StoreError::Backend { temporary: true, .. }) => return self.lost(under_way, error),
            Broken::Beside(error) => Trouble::Failed(error),
        };
        if let Some(writing) = &mut self.writing
            && let Err(error) = sqlx::query("ROLLBACK").execute(&mut writing.connection).await
        {
            return self.lost(under_way, store_error(error));
        }
        trouble
    }

    /// Opens the connection if there is none, and finds out about the group that was under way when it was lost.
    async fn connect(&mut self, recent: &mut Recent) -> Result<(), Trouble> {
        if self.writing.is_none() {
            let mut writing = self.place.writer().await.map_err(|error| match store_error(error) {
                error @ StoreError::Backend { temporary: true, .. } => Trouble::Lost(error),
                error => Trouble::Failed(error),
            })?;
            if let Some(unsettled) = &self.unsettled {
                unsettled.settle(&mut writing.connection, recent).await.map_err(Trouble::Lost)?;
            }
            self.unsettled = None;
            self.pid.store(writing.backend.pid, Relaxed);
            self.writing = Some(writing);
        }
        Ok(())
    }

    fn lost(&mut self, unsettled: Unsettled, error: StoreError) -> Trouble {
        // Dropped, not closed: nobody is there to say goodbye to.
        self.writing = None;
        self.unsettled = Some(unsettled);
        Trouble::Lost(error)
    }

    /// Those of the conflicting commits that are in the log become duplicates: retries of commits too old to be
    /// remembered. The commits are made; if this cannot be read now, a retry is answered as a conflict.
    async fn find_conflicting(&mut self, group: &[Waiting<Columns>], fates: &mut [Fate]) {
        let mut asked = Vec::new();
        for (index, ((entry, _), fate)) in group.iter().zip(&*fates).enumerate() {
            if let (Fate::Conflict { found }, Some(change)) = (fate, &entry.change)
                && *found > change.expected
            {
                asked.push((index, change.execution_id.to_string(), change.expected + 1, entry.id.to_string()));
            }
        }
        if asked.is_empty() {
            return;
        }
        let Some(writing) = &mut self.writing else { return };
        match find_commits(&mut writing.connection, &asked).await {
            Ok(found) => {
                for (index, first) in found {
                    fates[index] = Fate::Duplicate(Answer { first, has_events: true });
                }
            }
            Err(error) => {
                tracing::warn!(%error, "looking for commits made before");
                // Whatever is wrong with it, nothing is under way on it.
                self.writing = None;
            }
        }
    }
}

#[async_trait]
impl Log for PostgresLog {
    type Rows = Columns;

    async fn write(&mut self, group: &[Waiting<Columns>], recent: &mut Recent) -> Result<Written, Failed> {
        let mut patience = Patience::default();
        loop {
            match self.attempt(group, recent).await {
                Ok(written) => return Ok(written),
                Err(Trouble::Failed(error)) => return Err(error.into()),
                Err(Trouble::Lost(error) | Trouble::InTheWay(error)) => {
                    if !patience.pause(&error).await {
                        return Err(error.into());
                    }
                }
            }
        }
    }

    async fn close(mut self) {
        let Some(mut writing) = self.writing.take() else { return };
        // A mark is for this writer's own eyes.
        let forgotten = sqlx::query("DELETE FROM meta WHERE key = $1").bind(&self.mark);
        if let Err(error) = forgotten.execute(&mut writing.connection).await {
            tracing::debug!(%error, "the writer's mark stays");
        }
        writing.close().await;
    }
}
