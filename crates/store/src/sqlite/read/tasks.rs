//! Tasks not settled yet.

use super::{super::failure::store_error, json, number, parsed};
use crate::{StoreError, StoredTask};
use protocol::{ExecutionId, Task, TaskKey, TaskPart, Timestamp};
use serde::Deserialize;
use sqlx::SqliteConnection;

#[derive(sqlx::FromRow)]
struct TaskRow {
    execution_id: String,
    step: String,
    visit: i64,
    attempt: i64,
    part: String,
    protocol: String,
    due: i64,
    claimed_by: Option<String>,
    payload: String,
}

#[derive(Deserialize)]
struct Payload {
    config: std::sync::Arc<serde_json::Value>,
    input: std::sync::Arc<serde_json::Value>,
    timeout_ms: u64,
}

impl TaskRow {
    fn task(self) -> Result<StoredTask, StoreError> {
        let at = || format!("task {}/{}/{}/{}", self.execution_id, self.step, self.visit, self.attempt);
        let payload: Payload = json(&self.payload, at)?;
        let part = [TaskPart::Action, TaskPart::Save].into_iter().find(|part| part.word() == self.part);
        Ok(StoredTask {
            task: Task {
                key: TaskKey {
                    execution_id: parsed(&self.execution_id, at)?,
                    visit: number(self.visit, at)?,
                    attempt: number(self.attempt, at)?,
                    part: part.ok_or_else(|| StoreError::Corrupt(format!("{}: part `{}`", at(), self.part)))?,
                    step: self.step,
                },
                protocol: self.protocol,
                config: payload.config,
                input: payload.input,
                timeout_ms: payload.timeout_ms,
            },
            due: Timestamp(self.due),
            claimed_by: self.claimed_by,
        })
    }
}

/// Oldest first, by when they are due.
pub(in super::super) async fn open(
    connection: &mut SqliteConnection,
    execution: Option<ExecutionId>,
) -> Result<Vec<StoredTask>, StoreError> {
    let query = match execution {
        Some(id) => sqlx::query_as(
            "SELECT execution_id, step, visit, attempt, part, protocol, due, claimed_by, payload FROM tasks
            WHERE execution_id = $1 ORDER BY due, step, visit, attempt, part",
        )
        .bind(id.to_string()),
        None => sqlx::query_as(
            "SELECT execution_id, step, visit, attempt, part, protocol, due, claimed_by, payload FROM tasks
            ORDER BY due, execution_id, step, visit, attempt, part",
        ),
    };
    let rows: Vec<TaskRow> = query.fetch_all(connection).await.map_err(store_error)?;
    rows.into_iter().map(TaskRow::task).collect()
}
