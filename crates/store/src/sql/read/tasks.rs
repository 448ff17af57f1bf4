//! Tasks not settled yet.

use super::json;
use crate::{
    StoreError, StoredTask,
    sql::{connection::Connection, statement::sql},
};
use protocol::{ExecutionId, Timestamp};

#[derive(sqlx::FromRow)]
pub(crate) struct TaskRow {
    key: String,
    due: i64,
    claimed_by: Option<String>,
    task: String,
}

impl TaskRow {
    pub(crate) fn task(self) -> Result<StoredTask, StoreError> {
        Ok(StoredTask {
            task: json(&self.task, || format!("task {}", self.key))?,
            due: Timestamp(self.due),
            claimed_by: self.claimed_by,
        })
    }
}

/// Oldest first, by when they are due.
pub(crate) async fn open(
    connection: &mut Connection<'_>,
    execution: Option<ExecutionId>,
) -> Result<Vec<StoredTask>, StoreError> {
    let query = match execution {
        // Keys start with the execution's id and a slash; `0` is the character after it.
        Some(id) => sql(
            "SELECT key, due, claimed_by, task FROM tasks WHERE key > $1 || '/' AND key < $1 || '0' ORDER BY due, key",
        )
        .bind(id.to_string()),
        None => sql("SELECT key, due, claimed_by, task FROM tasks ORDER BY due, key"),
    };
    let rows: Vec<TaskRow> = query.all(connection).await?;
    rows.into_iter().map(TaskRow::task).collect()
}
