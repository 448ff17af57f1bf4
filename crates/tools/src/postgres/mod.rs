//! `postgres`: statements on a database that a stored credential leads to.
//!
//! Fields: `auth` (the credential), `command`, `commands` or `sql` (text, several statements separated by `;`, or
//! a list of texts or of `{sql, params}`), `params` (a list for `$1`, `$2`, a map for `:name`), `database` (instead
//! of the credential's). Without `params` the step's data is the map. A value is given to the server as the type
//! the statement wants there; lists are arrays or JSON, maps are JSON.
//!
//! Result: `{status, rows, row_count, columns, rows_affected}` of the last statement, and as in the public dialect
//! `command_0`, `command_1` … with the same for each. Numbers of arbitrary precision are numbers when a double
//! holds them exactly, and text otherwise; times are ISO 8601; `bytea` is `{"base64": …}`; types that JSON knows
//! nothing of are text as PostgreSQL writes it.
//!
//! All statements are one transaction, unless one of them controls transactions itself (BEGIN …) or cannot be
//! inside of one (VACUUM, CALL, CREATE DATABASE …).
//!
//! A save task (`save: {table, mode, key}` and rows as its input, or `save: {statement}`) writes rows in one
//! transaction; its result is `{status, rows}`.
//!
//! Absences: values never become part of a statement's text as it is parsed; no setting and no login comes from
//! the environment; no statement and no value is logged; what a session changed does not outlive the task.

mod command;
mod decode;
mod encode;
mod failure;
mod kind;
mod pool;
mod save;
mod session;
mod split;
mod target;

use crate::{
    EgressPolicy,
    credentials::one_of_kind,
    fields::Fields,
    sql::{Save, StatementResult},
    within::{time_of, within},
};
use async_trait::async_trait;
use command::Command;
use pool::Connections;
use protocol::{Task, TaskError};
use serde_json::{Map, Value, json};
use session::{Backend, Session};
use std::sync::Mutex;
use target::Target;
use worker::{Cancelled, Provider, Run};

/// Tasks at once, over all databases.
const CONCURRENCY: usize = 32;

pub struct PostgresProvider {
    egress: EgressPolicy,
    connections: Connections,
}

impl PostgresProvider {
    pub fn new(egress: EgressPolicy) -> Self {
        Self { egress, connections: Connections::default() }
    }

    async fn attempt(&self, task: &Task, cancelled: &mut Cancelled) -> Result<Run, TaskError> {
        let fields = Fields::of("postgres", &task.config)?;
        let save = Save::of("postgres", task)?;
        let command = match &save {
            Some(save) => save::command(save)?,
            None => Command::of(&task.config, &task.input)?,
        };
        let (name, credential) = one_of_kind("postgres", task, &["postgres", "postgresql", "pg"])?;
        let target = Target::of(name, credential, fields.text(&["database", "db_name"])?)?;
        if command.statements.is_empty() {
            return Ok(Run::completed(json!({"status": "success", "rows": 0})));
        }
        let application = application(task);
        let begun = Mutex::new(None);
        let work = self.run(task, &target, &command, &application, &begun);
        match within(time_of(task), cancelled, work).await {
            Ok(results) => {
                let results = results?;
                Ok(Run::completed(if save.is_some() { saved(&results) } else { result(results) }))
            }
            Err(stopped) => {
                let backend = begun.into_inner().unwrap_or_default();
                self.stop(&target, &application, backend).await;
                Err(stopped.error(&format!("the postgres command on {}", target.what())))
            }
        }
    }

    async fn run(
        &self,
        task: &Task,
        target: &Target,
        command: &Command,
        application: &str,
        begun: &Mutex<Option<Backend>>,
    ) -> Result<Vec<StatementResult>, TaskError> {
        let mut open = self.connections.take(target, &self.egress).await?;
        let (session, backend) = Session::begin(&mut open.connection, command, application, time_of(task)).await?;
        *begun.lock().expect("nobody panics with it") = Some(backend);
        let ran = session.run(command).await;
        *begun.lock().expect("nobody panics with it") = None;
        match ran {
            Ok(results) => {
                self.connections.put(open).await;
                Ok(results)
            }
            Err(error) => {
                // Where a result was too large the server is still sending.
                if error.code == "result_too_large" {
                    self.stop(target, application, Some(backend)).await;
                }
                Err(error)
            }
        }
    }

    async fn stop(&self, target: &Target, application: &str, backend: Option<Backend>) {
        if let Some(Backend { pid }) = backend {
            pool::cancel(target, &self.egress, pid, application).await;
        }
    }
}

#[async_trait]
impl Provider for PostgresProvider {
    fn protocols(&self) -> &[&'static str] {
        &["postgres"]
    }

    fn concurrency(&self) -> usize {
        CONCURRENCY
    }

    async fn run(&self, task: Task, mut cancelled: Cancelled) -> Run {
        self.attempt(&task, &mut cancelled).await.unwrap_or_else(Run::failed)
    }
}

/// What the server's administrators see of a task, and what tells it from all others: 63 bytes at most.
fn application(task: &Task) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    task.key.hash(&mut hasher);
    format!("signalbox {} {:08x}", task.key.execution_id, hasher.finish() >> 32)
}

fn result(results: Vec<StatementResult>) -> Value {
    let mut each: Vec<Map<String, Value>> = results
        .into_iter()
        .map(|one| {
            let affected = one.columns.is_empty().then_some(one.rows_affected);
            let mut map = one.into_map();
            map.insert("status".to_owned(), json!("success"));
            // Of a statement that returns no rows, as in the public dialect.
            if let Some(affected) = affected {
                map.insert("row_count".to_owned(), json!(affected));
            }
            map
        })
        .collect();
    let mut result = each.last().cloned().unwrap_or_default();
    for (index, one) in each.drain(..).enumerate() {
        result.insert(format!("command_{index}"), Value::Object(one));
    }
    Value::Object(result)
}

fn saved(results: &[StatementResult]) -> Value {
    let rows: u64 = results.iter().map(|one| one.rows_affected).sum();
    json!({"status": "success", "rows": rows})
}
