//! Executions that wait to be let in. Written with `execution_queued`; a row counts while its execution is
//! `initial`, however it leaves that state.

use crate::{
    Store, StoreError,
    sql::{
        beside::Values,
        payload::text,
        read::{number, parsed},
        statement::{Statement, sql},
    },
};
use protocol::{ExecutionId, Timestamp, event::ExecutionQueued};

/// Which of them. All, where nothing is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueueFilter {
    pub path: Option<String>,
    /// The rendered key they are limited by.
    pub key: Option<String>,
}

/// An execution that waits to be let in.
#[derive(Clone, Debug, PartialEq)]
pub struct QueuedExecution {
    pub execution_id: ExecutionId,
    pub path: String,
    pub playbook_version: u32,
    /// `concurrency` or `rate`.
    pub reason: String,
    pub key: Option<String>,
    pub priority: i32,
    pub queued_at: Timestamp,
}

impl dyn Store {
    /// In the order they are let in: the highest priority first, then the oldest.
    pub async fn queued(&self, filter: QueueFilter, limit: u32) -> Result<Vec<QueuedExecution>, StoreError> {
        let mut select =
            sql("SELECT q.execution_id, q.path, x.playbook_version, q.reason, q.key, q.priority, q.queued_at ");
        waiting(&mut select, &filter);
        select.push(" ORDER BY q.priority DESC, q.execution_id LIMIT ").push_bind(limit);
        let rows: Vec<Row> = self.database().all(select).await?;
        rows.into_iter().map(Row::queued).collect()
    }

    pub async fn queued_count(&self, filter: QueueFilter) -> Result<u64, StoreError> {
        let mut count = sql("SELECT count(*) ");
        waiting(&mut count, &filter);
        let row: Option<(i64,)> = self.database().optional(count).await?;
        number(row.map_or(0, |(count,)| count), || "the count of queued executions".to_owned())
    }

    /// What is waited for, each once, with how many wait: `(path, reason, key, count)`. For taking the queues up.
    pub async fn queues(&self) -> Result<Vec<(String, String, Option<String>, u64)>, StoreError> {
        let mut all = sql("SELECT q.path, q.reason, q.key, count(*) ");
        waiting(&mut all, &QueueFilter::default());
        all.push(" GROUP BY q.path, q.reason, q.key ORDER BY q.path, q.reason, q.key");
        let rows: Vec<(String, String, Option<String>, i64)> = self.database().all(all).await?;
        rows.into_iter()
            .map(|(path, reason, key, count)| Ok((path, reason, key, number(count, || "a queue".to_owned())?)))
            .collect()
    }
}

fn waiting(statement: &mut Statement, filter: &QueueFilter) {
    statement.push("FROM queue q JOIN executions x ON x.execution_id = q.execution_id WHERE x.state = 'initial'");
    for (column, value) in [("path", &filter.path), ("key", &filter.key)] {
        if let Some(value) = value {
            statement.push(format_args!(" AND q.{column} = ")).push_bind(value);
        }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    execution_id: String,
    path: String,
    playbook_version: i64,
    reason: String,
    key: Option<String>,
    priority: i64,
    queued_at: i64,
}

impl Row {
    fn queued(self) -> Result<QueuedExecution, StoreError> {
        let at = || format!("execution {} in the queue", self.execution_id);
        Ok(QueuedExecution {
            execution_id: parsed(&self.execution_id, at)?,
            playbook_version: number(self.playbook_version, at)?,
            priority: number(self.priority, at)?,
            queued_at: Timestamp(self.queued_at),
            path: self.path,
            reason: self.reason,
            key: self.key,
        })
    }
}

/// A row but for the execution's id.
#[derive(Debug)]
pub(crate) struct QueueRow {
    path: String,
    reason: String,
    key: Option<String>,
    priority: i32,
    queued_at: Timestamp,
}

impl QueueRow {
    /// # Errors
    /// [`StoreError::Refused`] for a text no column takes.
    pub(crate) fn of(event: &ExecutionQueued, time: Timestamp) -> Result<Self, StoreError> {
        text(&event.reason, "what it waits for")?;
        text(event.key.as_deref().unwrap_or_default(), "the key it is limited by")?;
        Ok(Self {
            path: event.path.clone(),
            reason: event.reason.clone(),
            key: event.key.clone(),
            priority: event.origin.priority,
            queued_at: time,
        })
    }

    pub(crate) fn bind<'s>(&self, row: Values<'s>) -> Values<'s> {
        let row = row.bind(&self.path).bind(&self.reason).bind(&self.key);
        row.bind(i64::from(self.priority)).bind(self.queued_at)
    }
}
