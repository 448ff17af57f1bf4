//! What few commits bring beside their events, for tables of their own. A commit without any pays nothing.

use super::{connection::Connection, payload::text, statement::Statement};
use crate::{StoreError, approvals::ApprovalRow, blobs::Blob, lineage::LineageRow, queue::QueueRow, submissions};
use protocol::{Event, ExecutionId, Timestamp};
use std::{borrow::Cow, collections::HashMap};

/// Rows of one commit.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    pub(crate) submission: Option<String>,
    pub(crate) lineage: Option<LineageRow>,
    pub(crate) queued: Option<QueueRow>,
    /// It was in the queue, and is let in.
    pub(crate) let_in: bool,
    pub(crate) approvals: Vec<ApprovalRow>,
    pub(crate) blobs: Vec<Blob>,
}

impl Beside {
    /// Notes what an event brings; `version` is its number within its execution.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a text no column takes.
    pub(crate) fn note(
        this: &mut Option<Box<Self>>,
        event: &Event,
        version: u64,
        time: Timestamp,
    ) -> Result<(), StoreError> {
        match event {
            Event::ExecutionStart(start) if version == 1 => Self::born(this, &start.origin)?,
            Event::ExecutionStart(_) => this.get_or_insert_default().let_in = true,
            Event::ExecutionQueued(queued) => {
                Self::born(this, &queued.origin)?;
                this.get_or_insert_default().queued = Some(QueueRow::of(queued, time)?);
            }
            Event::ApprovalRequested(approval) => {
                this.get_or_insert_default().approvals.push(ApprovalRow::of(approval, version, time)?);
            }
            _ => {}
        }
        Ok(())
    }

    fn born(this: &mut Option<Box<Self>>, origin: &protocol::event::Origin) -> Result<(), StoreError> {
        if let Some(key) = &origin.idempotency_key {
            text(key, "the submission's key")?;
            this.get_or_insert_default().submission = Some(key.clone());
        }
        if let Some(lineage) = LineageRow::of(origin)? {
            this.get_or_insert_default().lineage = Some(lineage);
        }
        Ok(())
    }

    /// About how much there is to write.
    pub(crate) fn bytes(&self) -> usize {
        self.blobs.iter().map(|blob| blob.data.len()).sum()
    }
}

/// Of the keys that commits bring, those an execution has already.
pub(crate) async fn taken<'e>(
    connection: &mut Connection<'_>,
    besides: impl Iterator<Item = &'e Beside>,
) -> Result<HashMap<String, ExecutionId>, StoreError> {
    let keys: Vec<&str> = besides.filter_map(|beside| beside.submission.as_deref()).collect();
    if keys.is_empty() { Ok(HashMap::new()) } else { submissions::find_all(connection, &keys).await }
}

/// Writes what commits that go through bring, in their transaction. In any order with their other rows.
pub(crate) async fn write<'e>(
    connection: &mut Connection<'_>,
    besides: impl Iterator<Item = (ExecutionId, &'e Beside)> + Clone,
) -> Result<(), StoreError> {
    let mut submissions = Insert::into("submissions (key, execution_id)");
    let mut lineage =
        Insert::into("lineage (execution_id, parent_id, parent_task, rerun_of, rerun_from, trigger_name)");
    let mut queue = Insert::into("queue (execution_id, path, reason, key, priority, queued_at)");
    let mut approvals = Insert::into(
        "waiting_approvals (execution_id, step, visit, path, message, form, due, default_value, requested_at, version)",
    );
    let mut let_in = Vec::new();
    for (id, beside) in besides.clone() {
        if let Some(key) = &beside.submission {
            submissions.row(|row| row.bind(key).bind(id));
        }
        if let Some(origin) = &beside.lineage {
            lineage.row(|row| origin.bind(row.bind(id)));
        }
        if let Some(queued) = &beside.queued {
            queue.row(|row| queued.bind(row.bind(id)));
        }
        for approval in &beside.approvals {
            approvals.row(|row| approval.bind(row.bind(id)));
        }
        if beside.let_in {
            let_in.push(id.to_string());
        }
    }
    for insert in [submissions, lineage, queue, approvals] {
        insert.execute(connection).await?;
    }
    if !let_in.is_empty() {
        super::statement::sql("DELETE FROM queue WHERE execution_id IN (SELECT value FROM json_each($1))")
            .bind(&let_in[..])
            .execute(connection)
            .await?;
    }
    for (id, beside) in besides {
        for blob in &beside.blobs {
            blob.write(connection, id).await?;
        }
    }
    Ok(())
}

/// Rows in one statement: of the 32,766 parameters SQLite takes, at twelve columns, with room to spare.
const ROWS: usize = 1_000;

/// An INSERT of many rows.
pub(crate) struct Insert {
    into: Cow<'static, str>,
    statements: Vec<Statement>,
    rows: usize,
}

/// One row's values.
pub(crate) struct Values<'s> {
    statement: &'s mut Statement,
    separator: &'static str,
}

impl Insert {
    /// `into`: table and columns.
    pub(crate) fn into(into: impl Into<Cow<'static, str>>) -> Self {
        Self { into: into.into(), statements: Vec::new(), rows: 0 }
    }

    pub(crate) fn row(&mut self, bind: impl FnOnce(Values<'_>) -> Values<'_>) {
        let is_first = self.rows.is_multiple_of(ROWS);
        if is_first {
            let mut statement = super::statement::sql("INSERT INTO ");
            statement.push(&self.into).push(" VALUES ");
            self.statements.push(statement);
        }
        self.rows += 1;
        let Some(statement) = self.statements.last_mut() else { return };
        statement.push(if is_first { "(" } else { ", (" });
        bind(Values { statement, separator: "" }).statement.push(")");
    }

    pub(crate) async fn execute(self, connection: &mut Connection<'_>) -> Result<(), StoreError> {
        for statement in self.statements {
            statement.execute(connection).await?;
        }
        Ok(())
    }
}

impl Values<'_> {
    pub(crate) fn bind(mut self, value: impl Into<super::statement::Argument>) -> Self {
        self.statement.push(self.separator).push_bind(value);
        self.separator = ", ";
        self
    }
}
