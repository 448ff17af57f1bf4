//! `sqlite`: statements on a database file of the data folder, in one transaction.
//!
//! Fields: `database` (a file under the data folder's `files/`, default `default.db`), `command`, `commands` or
//! `sql` (text, several statements separated by `;`, or a list of texts or of `{sql, params}`), `params` (a list
//! for `?` and `?1`, a map for `:name`, `@name`, `$name`). Without `params` the step's data is the map. Lists and
//! maps are bound as JSON text, for `json_each` and its kin.
//!
//! Result: `{rows, row_count, columns, rows_affected, last_insert_rowid}` of the last statement, and with more
//! than one statement `command_0`, `command_1` … with the same for each, as `postgres` has it. `rows` are maps; a
//! BLOB is `{"base64": "…"}`; a column name that occurs again has `:1`, `:2` … appended.
//!
//! A save task (`save: {table, mode, key}` and rows as its input, or `save: {statement}`) writes rows; its result
//! is `{status, rows}`.
//!
//! All statements are applied or none. Absences: no ATTACH, no extensions, no pragma that changes files or
//! safety, no file outside the folder.

mod bind;
mod command;
mod connections;
mod file;
mod refuse;
mod rows;
mod save;
mod session;
mod split;

use crate::{
    sql::Save,
    within::{time_of, within},
};
use async_trait::async_trait;
use command::Command;
use connections::Connections;
use protocol::{Task, TaskError};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use worker::{Cancelled, Provider, Run};

/// Connections at once. SQLite writes one at a time; the rest is for readers.
const CONCURRENCY: usize = 16;

pub struct SqliteProvider {
    files: PathBuf,
    connections: Connections,
}

impl SqliteProvider {
    /// Files live under `data_dir/files`.
    pub fn new(data_dir: &Path) -> Self {
        Self { files: data_dir.join("files"), connections: Connections::default() }
    }

    async fn attempt(&self, task: &Task, cancelled: &mut Cancelled) -> Result<Run, TaskError> {
        let save = Save::of("sqlite", task)?;
        let command = match &save {
            Some(save) => save::command(save, &task.config)?,
            None => Command::of(&task.config, &task.input)?,
        };
        let (files, name) = (self.files.clone(), command.database.clone());
        let path = tokio::task::spawn_blocking(move || file::locate(&files, &name))
            .await
            .map_err(|error| TaskError::new("sqlite_open", error.to_string()))??;
        match within(time_of(task), cancelled, session::run(&self.connections, &path, &command)).await {
            Ok(results) => results.map(|results| {
                Run::completed(if save.is_some() { saved(&results) } else { Value::Object(combined(results)) })
            }),
            Err(stopped) => Err(stopped.error(&format!("the sqlite command on `{}`", command.database))),
        }
    }
}

#[async_trait]
impl Provider for SqliteProvider {
    fn protocols(&self) -> &[&'static str] {
        &["sqlite"]
    }

    fn concurrency(&self) -> usize {
        CONCURRENCY
    }

    async fn run(&self, task: Task, mut cancelled: Cancelled) -> Run {
        self.attempt(&task, &mut cancelled).await.unwrap_or_else(Run::failed)
    }
}

/// The last statement's result, with each of them as `command_N` when there are several.
fn combined(mut results: Vec<Map<String, Value>>) -> Map<String, Value> {
    if results.len() == 1 {
        return results.swap_remove(0);
    }
    let mut last = results.last().cloned().unwrap_or_default();
    let each = results.into_iter().enumerate();
    last.extend(each.map(|(index, one)| (format!("command_{index}"), Value::Object(one))));
    last
}

fn saved(results: &[Map<String, Value>]) -> Value {
    let rows: u64 = results.iter().filter_map(|one| one["rows_affected"].as_u64()).sum();
    json!({"status": "success", "rows": rows})
}
