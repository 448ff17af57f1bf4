//! Running a step's statements on one connection, in one transaction.

use super::{
    bind::{Bind, Bound},
    command::Command,
    connections::Connections,
    refuse::{changes_rows, leaves_state, only_reads},
    rows::Rows,
};
use crate::sql::Budget;
use futures::StreamExt;
use protocol::TaskError;
use serde_json::{Map, Value};
use sqlx::{
    AssertSqlSafe, Column, Either, Executor, SqlSafeStr, SqliteConnection, Statement, query::Query,
    sqlite::SqliteArguments,
};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// Virtual machine steps between two looks at whether the step was stopped: well under a millisecond of work.
const LOOK_EVERY: i32 = 10_000;

const DETAILS_CHARS: usize = 2000;

/// Runs all statements and commits, and returns the result of each; dropped before its end, nothing is kept and the running statement stops.
///
/// # Errors
/// `sqlite_error` naming the statement by its number, `sqlite_busy`, `sqlite_open`, and those of [`Rows`].
pub(super) async fn run(
    connections: &Connections,
    path: &Path,
    command: &Command,
) -> Result<Vec<Map<String, Value>>, TaskError> {
    let mut open = connections.take(path, &command.database).await?;
    let connection = &mut open.connection;
    let stopped = Stop::default();
    let seen = stopped.0.clone();
    connection
        .lock_handle()
        .await
        .map_err(|error| failed(&error, "opening", None))?
        .set_progress_handler(LOOK_EVERY, move || !seen.load(Ordering::Relaxed));
    let reading = command.statements.iter().all(|bound| only_reads(&bound.statement));
    let begin = if reading { "BEGIN" } else { "BEGIN IMMEDIATE" };
    connection.execute(begin).await.map_err(|error| failed(&error, "beginning the transaction", None))?;
    let mut budget = Budget::default();
    let mut results = Vec::new();
    for (index, bound) in command.statements.iter().enumerate() {
        results.push(one(connection, bound, &mut budget, &place(index, command)).await?);
    }
    connection.execute("COMMIT").await.map_err(|error| failed(&error, "committing", None))?;
    // Only now: after an error the connection, with its open transaction, is dropped.
    if !command.statements.iter().any(|bound| leaves_state(&bound.statement)) {
        connections.put(open);
    }
    Ok(results)
}

/// Set when the run is dropped: the statement under way sees it and ends.
#[derive(Default)]
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

async fn one(
    connection: &mut SqliteConnection,
    bound: &Bound,
    budget: &mut Budget,
    place: &str,
) -> Result<Map<String, Value>, TaskError> {
    let sql = &bound.statement.sql;
    let failed = |error: sqlx::Error| failed(&error, place, Some(sql));
    let prepared = connection.prepare(AssertSqlSafe(sql.clone()).into_sql_str()).await.map_err(failed)?;
    let mut rows = Rows::new(prepared.columns().iter().map(Column::name));
    let mut affected = (0, None);
    let mut query = prepared.query();
    for value in &bound.values {
        query = with(query, value);
    }
    let mut stream = connection.fetch_many(query);
    while let Some(item) = stream.next().await {
        match item.map_err(failed)? {
            Either::Right(row) => rows.push(&row, budget)?,
            Either::Left(done) if changes_rows(&bound.statement) => {
                affected = (done.rows_affected(), Some(done.last_insert_rowid()));
            }
            Either::Left(_) => {}
        }
    }
    Ok(rows.into_result(affected.0, affected.1))
}

fn with<'q>(query: Query<'q, sqlx::Sqlite, SqliteArguments>, value: &Bind) -> Query<'q, sqlx::Sqlite, SqliteArguments> {
    match value {
        Bind::Null => query.bind(None::<i64>),
        Bind::Integer(integer) => query.bind(*integer),
        Bind::Real(real) => query.bind(*real),
        Bind::Text(text) => query.bind(text.clone()),
    }
}

fn place(index: usize, command: &Command) -> String {
    if command.statements.len() == 1 { "the statement".to_owned() } else { format!("statement {}", index + 1) }
}

fn failed(error: &sqlx::Error, place: &str, sql: Option<&String>) -> TaskError {
    let busy = error.as_database_error().and_then(|error| error.code()).is_some_and(|code| {
        // SQLITE_BUSY and SQLITE_LOCKED, extended codes included.
        code.parse::<i32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6))
    });
    let code = if busy { "sqlite_busy" } else { "sqlite_error" };
    let failed = TaskError::new(code, format!("sqlite: {place}: {}", cause(error)));
    match sql {
        Some(sql) => failed.with_details(sql.chars().take(DETAILS_CHARS).collect::<String>()),
        None => failed,
    }
}

/// SQLite's own words, without sqlx's frame.
pub(super) fn cause(error: &sqlx::Error) -> String {
    error.as_database_error().map_or_else(|| error.to_string(), |error| error.message().to_owned())
}
