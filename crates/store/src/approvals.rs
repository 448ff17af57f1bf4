//! Steps that wait for a person, over all executions. Written with `approval_requested`.
//!
//! A row counts until the log says that the step's visit, or its execution, is over: the log is asked when the
//! list is read, because taking rows out with the events that end them would make every step that completes pay.
//! `sweep_waiting` takes out what no longer counts.

use crate::{
    Store, StoreError,
    sql::{
        beside::Values,
        connection::Connection,
        database::repeatedly,
        payload::text,
        read::{json, number, parsed, time},
        statement::{Statement, sql},
    },
};
use protocol::{ExecutionId, Timestamp, event::ApprovalRequested};
use serde_json::Value;

/// Which of them. All, where nothing is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ApprovalFilter {
    pub path: Option<String>,
    pub execution_id: Option<ExecutionId>,
    /// Only those after this one: its time, execution, step and visit, as the page before ended.
    pub after: Option<(Timestamp, ExecutionId, String, u32)>,
    pub limit: u32,
}

/// A step that waits for a person.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitingApproval {
    pub execution_id: ExecutionId,
    pub step: String,
    pub visit: u32,
    pub path: String,
    /// What is asked.
    pub message: String,
    /// The fields to fill in.
    pub form: Value,
    /// When `default` is taken, or the step fails.
    pub due: Option<Timestamp>,
    pub default: Option<Value>,
    pub requested_at: Timestamp,
}

impl dyn Store {
    /// Who waits now, the longest first.
    pub async fn approvals(&self, filter: ApprovalFilter) -> Result<Vec<WaitingApproval>, StoreError> {
        let read = repeatedly(move |connection| Box::pin(waiting(connection, filter.clone())));
        self.database().read(read).await
    }

    pub async fn approvals_count(&self) -> Result<u64, StoreError> {
        let count = repeatedly(move |connection| {
            Box::pin(async move {
                let mut count = sql("SELECT count(*) FROM waiting_approvals w WHERE ");
                count.push(still_waits(connection));
                let (count,): (i64,) = count.one(connection).await?;
                number(count, || "the count of approvals".to_owned())
            })
        });
        self.database().read(count).await
    }

    /// Takes out rows of the inbox and the queues that no longer count. Changes no answer, only what answers cost;
    /// worth a call every minute or so.
    pub async fn sweep_waiting(&self) -> Result<(), StoreError> {
        self.database().write(repeatedly(|connection| Box::pin(sweep(connection)))).await
    }
}

async fn waiting(connection: &mut Connection<'_>, filter: ApprovalFilter) -> Result<Vec<WaitingApproval>, StoreError> {
    let mut select = sql("SELECT w.execution_id, w.step, w.visit, w.path, w.message, w.form, w.due, w.default_value,
            w.requested_at FROM waiting_approvals w WHERE ");
    select.push(still_waits(connection));
    if let Some(path) = &filter.path {
        select.push(" AND w.path = ").push_bind(path);
    }
    if let Some(id) = filter.execution_id {
        select.push(" AND w.execution_id = ").push_bind(id);
    }
    if let Some((at, id, step, visit)) = filter.after {
        select.push(" AND (w.requested_at, w.execution_id, w.step, w.visit) > (").push_bind(at).push(", ");
        select.push_bind(id).push(", ").push_bind(step).push(", ").push_bind(i64::from(visit)).push(")");
    }
    select.push(" ORDER BY w.requested_at, w.execution_id, w.step, w.visit LIMIT ").push_bind(filter.limit.max(1));
    let rows: Vec<Row> = select.all(connection).await?;
    rows.into_iter().map(Row::approval).collect()
}

/// What is true of a row `w` that counts. Events up to its `version` were looked at before.
fn still_waits(connection: &Connection<'_>) -> String {
    let (step, visit) = (connection.json_text("e.data", "step"), connection.json_text("e.data", "visit"));
    format!(
        "EXISTS (SELECT 1 FROM executions x WHERE x.execution_id = w.execution_id AND x.state = 'in_progress')
        AND NOT EXISTS (SELECT 1 FROM events e WHERE e.execution_id = w.execution_id AND e.version > w.version
            AND (e.type = 'execution_cancelled'
                OR (e.type IN ('action_completed', 'action_failed', 'step_completed', 'step_failed')
                    AND {step} = w.step AND CAST({visit} AS BIGINT) = w.visit)))"
    )
}

pub(crate) async fn sweep(connection: &mut Connection<'_>) -> Result<(), StoreError> {
    // Read first: what comes after it is looked at the next time.
    let seen: Vec<(String, i64)> = sql("SELECT DISTINCT x.execution_id, x.version
        FROM waiting_approvals w JOIN executions x ON x.execution_id = w.execution_id WHERE x.version > w.version")
    .all(connection)
    .await?;
    let mut over: Statement = sql("DELETE FROM waiting_approvals AS w WHERE NOT (");
    over.push(still_waits(connection)).push(")");
    over.execute(connection).await?;
    for (id, version) in seen {
        sql("UPDATE waiting_approvals SET version = $2 WHERE execution_id = $1 AND version < $2")
            .bind(id)
            .bind(version)
            .execute(connection)
            .await?;
    }
    sql("DELETE FROM queue WHERE NOT EXISTS
            (SELECT 1 FROM executions x WHERE x.execution_id = queue.execution_id AND x.state = 'initial')")
    .execute(connection)
    .await
    .map(drop)
}

#[derive(sqlx::FromRow)]
struct Row {
    execution_id: String,
    step: String,
    visit: i64,
    path: String,
    message: String,
    form: String,
    due: Option<i64>,
    default_value: Option<String>,
    requested_at: i64,
}

impl Row {
    fn approval(self) -> Result<WaitingApproval, StoreError> {
        let at = || format!("the approval `{}` of {}", self.step, self.execution_id);
        Ok(WaitingApproval {
            execution_id: parsed(&self.execution_id, at)?,
            visit: number(self.visit, at)?,
            form: json(&self.form, at)?,
            due: time(self.due),
            default: self.default_value.as_deref().map(|value| json(value, at)).transpose()?,
            requested_at: Timestamp(self.requested_at),
            step: self.step,
            path: self.path,
            message: self.message,
        })
    }
}

/// A row but for the execution's id.
#[derive(Debug)]
pub(crate) struct ApprovalRow {
    step: String,
    visit: u32,
    path: String,
    message: String,
    form: String,
    due: Option<Timestamp>,
    default: Option<String>,
    requested_at: Timestamp,
    version: u64,
}

impl ApprovalRow {
    /// # Errors
    /// [`StoreError::Refused`] for a step no column takes.
    pub(crate) fn of(event: &ApprovalRequested, version: u64, time: Timestamp) -> Result<Self, StoreError> {
        text(&event.step, "the step")?;
        Ok(Self {
            step: event.step.clone(),
            visit: event.visit,
            path: event.path.clone(),
            // Rendered from what actions returned: that is no reason to refuse it.
            message: event.message.replace('\0', "\u{fffd}"),
            form: event.form.to_string(),
            due: event.due,
            default: event.default.as_ref().map(|value| value.to_string()),
            requested_at: time,
            version,
        })
    }

    pub(crate) fn bind<'s>(&self, row: Values<'s>) -> Values<'s> {
        let row = row.bind(&self.step).bind(self.visit).bind(&self.path).bind(&self.message).bind(&self.form);
        row.bind(self.due).bind(&self.default).bind(self.requested_at).bind(self.version.cast_signed())
    }
}
