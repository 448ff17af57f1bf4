//! Running a step's statements on one connection.

use super::{
    command::{Bound, Command},
    decode::decode,
    encode::{encode, literal},
    failure::{Sent, failed},
    kind::{FIRST_OWN, Kind, TypeRow},
    split::Statement,
};
use crate::sql::{Budget, ROWS, StatementResult, too_large, unique};
use futures::StreamExt;
use protocol::TaskError;
use serde_json::{Map, Value};
use sqlx::{
    AssertSqlSafe, Column, Either, Executor, PgConnection, Row, SqlSafeStr, Statement as _, ValueRef, postgres::PgRow,
    raw_sql,
};
use std::{collections::HashMap, time::Duration};

/// What a statement with parameters is called on the server.
const PREPARED: &str = "_signalbox";

/// The server stops a statement by itself this much after the step's time: when this process is gone by then.
const BACKSTOP: Duration = Duration::from_secs(1);

/// A connection while a task has it.
pub(super) struct Session<'a> {
    connection: &'a mut PgConnection,
    /// The statement that [`PREPARED`] is, and the kinds of its parameters.
    prepared: Option<(String, Vec<Kind>)>,
    budget: Budget,
}

/// What a session is on the server; known once it has begun.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backend {
    pub(super) pid: i32,
}

impl<'a> Session<'a> {
    /// Begins: one transaction around all statements, unless one of them cannot be inside of one.
    ///
    /// # Errors
    /// `postgres_connection`.
    pub(super) async fn begin(
        connection: &'a mut PgConnection,
        command: &Command,
        application: &str,
        time: Duration,
    ) -> Result<(Self, Backend), TaskError> {
        let (begin, local) = if is_one_transaction(command) { ("BEGIN;", "LOCAL ") } else { ("", "") };
        let limit = (time + BACKSTOP).as_millis().min(i32::MAX as u128);
        let name = literal(application, "application_name")?;
        let setup = format!(
            "{begin}SET {local}application_name = {name};SET {local}statement_timeout = {limit};\
             SET {local}intervalstyle = 'iso_8601';SET {local}bytea_output = 'hex';SET {local}datestyle = 'ISO';\
             SELECT pg_backend_pid()"
        );
        let rows = text_rows(connection, &setup).await.map_err(|error| failed(&error, "beginning", None))?;
        let pid = rows.first().and_then(|row| text(row, 0)).and_then(|pid| pid.parse().ok()).unwrap_or_default();
        Ok((Self { connection, prepared: None, budget: Budget::default() }, Backend { pid }))
    }

    /// Runs all statements, and commits.
    ///
    /// # Errors
    /// `postgres_error` and its like, naming the statement by its number; `bad_config`; `result_too_large`.
    pub(super) async fn run(mut self, command: &Command) -> Result<Vec<StatementResult>, TaskError> {
        let mut results = Vec::new();
        for (index, bound) in command.statements.iter().enumerate() {
            let place = match command.statements.len() {
                1 => "the statement".to_owned(),
                _ => format!("statement {}", index + 1),
            };
            results.push(self.one(bound, &place).await?);
        }
        if is_one_transaction(command) {
            raw_sql("COMMIT")
                .execute(&mut *self.connection)
                .await
                .map_err(|error| failed(&error, "committing", None))?;
        } else if self.is_inside_transaction().await? {
            return Err(TaskError::new(
                "postgres_error",
                "postgres: the statements begin a transaction and do not end it; nothing of it was kept: add COMMIT",
            ));
        }
        Ok(results)
    }

    async fn one(&mut self, bound: &Bound, place: &str) -> Result<StatementResult, TaskError> {
        let statement = &bound.statement;
        let (sql, offset) = if statement.has_parameters() {
            (self.call(bound, place).await?, None)
        } else {
            (statement.source(), Some(0))
        };
        let sent = Sent { statement, offset };
        let mut raw = RawRows::default();
        let mut rows_affected = None;
        {
            let mut stream = self.connection.fetch_many(raw_sql(AssertSqlSafe(sql)));
            while let Some(item) = stream.next().await {
                match item.map_err(|error| failed(&error, place, Some(sent)))? {
                    Either::Right(row) => raw.push(&row, &mut self.budget)?,
                    Either::Left(done) => rows_affected = rows_affected.or(Some(done.rows_affected())),
                }
            }
        }
        if raw.columns.is_empty() && may_return_rows(statement) {
            raw.columns = self.columns(statement).await;
        }
        let kinds = self.kinds(&raw.types, place).await?;
        let changes = changes_rows(statement);
        Ok(StatementResult {
            rows: raw.rows.into_iter().map(|row| as_map(&raw.columns, &kinds, row)).collect(),
            columns: raw.columns,
            rows_affected: rows_affected.filter(|_| changes).unwrap_or_default(),
        })
    }

    /// Prepares the statement, unless it was just before, and returns the call that runs it with these values.
    async fn call(&mut self, bound: &Bound, place: &str) -> Result<String, TaskError> {
        let numbered = bound.statement.numbered();
        if self.prepared.as_ref().is_none_or(|(sql, _)| *sql != numbered) {
            let before = if self.prepared.take().is_some() { format!("DEALLOCATE {PREPARED};") } else { String::new() };
            let head = format!("{before}PREPARE {PREPARED} AS ");
            let sql = format!("{head}{numbered}");
            let sent = Sent { statement: &bound.statement, offset: Some(head.chars().count()) };
            raw_sql(AssertSqlSafe(sql))
                .execute(&mut *self.connection)
                .await
                .map_err(|error| failed(&error, place, Some(sent)))?;
            let kinds = self.parameters(place).await?;
            self.prepared = Some((numbered, kinds));
        }
        let (_, kinds) = self.prepared.as_ref().expect("it was prepared just now");
        let mut values = Vec::new();
        for (given, kind) in bound.values.iter().zip(kinds) {
            values.push(match encode(&given.value, kind, &given.name)? {
                None => "NULL".to_owned(),
                Some(text) => literal(&text, &given.name)?,
            });
        }
        Ok(format!("EXECUTE {PREPARED}({})", values.join(",")))
    }

    async fn parameters(&mut self, place: &str) -> Result<Vec<Kind>, TaskError> {
        let sql = format!(
            "SELECT t.oid, t.typbasetype, t.typelem, t.typdelim FROM pg_catalog.pg_prepared_statements p, \
             unnest(p.parameter_types) WITH ORDINALITY AS u(o, n) JOIN pg_catalog.pg_type t ON t.oid = u.o::oid \
             WHERE p.name = '{PREPARED}' ORDER BY n"
        );
        let rows = text_rows(self.connection, &sql).await.map_err(|error| failed(&error, place, None))?;
        Ok(rows.iter().filter_map(type_row).map(|row| Kind::of_row(&row)).collect())
    }

    /// The kind of each column; types that did not come with PostgreSQL are looked up.
    async fn kinds(&mut self, types: &[u32], place: &str) -> Result<Vec<Kind>, TaskError> {
        let own: Vec<String> = types.iter().filter(|oid| **oid >= FIRST_OWN).map(u32::to_string).collect();
        let mut known = HashMap::new();
        if !own.is_empty() {
            let sql = format!(
                "SELECT oid, typbasetype, typelem, typdelim FROM pg_catalog.pg_type WHERE oid IN ({})",
                own.join(",")
            );
            let rows = text_rows(self.connection, &sql).await.map_err(|error| failed(&error, place, None))?;
            known.extend(rows.iter().filter_map(type_row).map(|row| (row.oid, Kind::of_row(&row))));
        }
        Ok(types.iter().map(|oid| known.remove(oid).unwrap_or_else(|| Kind::built_in(*oid))).collect())
    }

    /// The columns of a statement that returned no row. Not worth an error.
    async fn columns(&mut self, statement: &Statement) -> Vec<String> {
        let sql = AssertSqlSafe(statement.numbered()).into_sql_str();
        match self.connection.prepare(sql).await {
            Ok(prepared) => unique(prepared.columns().iter().map(Column::name)),
            Err(error) => {
                tracing::debug!(%error, "the columns of a statement without rows are not known");
                Vec::new()
            }
        }
    }

    /// A transaction of the statements' own, possibly a failed one.
    async fn is_inside_transaction(&mut self) -> Result<bool, TaskError> {
        // Refused inside of a transaction, and without effect outside.
        match raw_sql("DISCARD ALL").execute(&mut *self.connection).await {
            Ok(_) => Ok(false),
            Err(error) if error.as_database_error().is_some() => Ok(true),
            Err(error) => Err(failed(&error, "ending", None)),
        }
    }
}

/// Rows as the server wrote them.
#[derive(Default)]
struct RawRows {
    columns: Vec<String>,
    types: Vec<u32>,
    rows: Vec<Vec<Option<String>>>,
}

impl RawRows {
    fn push(&mut self, row: &PgRow, budget: &mut Budget) -> Result<(), TaskError> {
        if self.rows.is_empty() && self.columns.is_empty() {
            self.columns = unique(row.columns().iter().map(Column::name));
            self.types = row.columns().iter().map(|column| column.type_info().oid().map_or(0, |oid| oid.0)).collect();
        }
        if self.rows.len() == ROWS {
            return Err(too_large("postgres", &format!("more than {ROWS} rows")));
        }
        let values: Vec<Option<String>> = (0..self.columns.len()).map(|index| text(row, index)).collect();
        let bytes = self
            .columns
            .iter()
            .zip(&values)
            .map(|(name, value)| name.len() + 8 + value.as_ref().map_or(0, String::len));
        budget.take("postgres", bytes.sum())?;
        self.rows.push(values);
        Ok(())
    }
}

fn as_map(columns: &[String], kinds: &[Kind], row: Vec<Option<String>>) -> Value {
    let values = columns.iter().zip(kinds).zip(row);
    let map: Map<String, Value> = values
        .map(|((name, kind), value)| (name.clone(), value.map_or(Value::Null, |text| decode(&text, kind))))
        .collect();
    Value::Object(map)
}

async fn text_rows(connection: &mut PgConnection, sql: &str) -> Result<Vec<PgRow>, sqlx::Error> {
    connection.fetch_all(raw_sql(AssertSqlSafe(sql.to_owned()))).await
}

fn text(row: &PgRow, index: usize) -> Option<String> {
    let raw = row.try_get_raw(index).ok().filter(|raw| !raw.is_null())?;
    raw.as_bytes().ok().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
}

fn type_row(row: &PgRow) -> Option<TypeRow> {
    let oid = |index| text(row, index).and_then(|text| text.parse().ok());
    let delimiter = text(row, 3).and_then(|text| text.chars().next()).unwrap_or(',');
    Some(TypeRow { oid: oid(0)?, base: oid(1)?, element: oid(2)?, delimiter })
}

/// Whether all statements go into one transaction: not when one of them controls transactions or cannot be
/// inside of one.
pub(super) fn is_one_transaction(command: &Command) -> bool {
    !command.statements.iter().any(|bound| {
        let words: Vec<&str> = bound.statement.words.iter().map(String::as_str).take(12).collect();
        match words.as_slice() {
            ["ROLLBACK", "TO", ..] => false,
            ["BEGIN" | "START" | "COMMIT" | "END" | "ROLLBACK" | "ABORT", ..] => true,
            // A procedure may commit.
            ["CALL" | "VACUUM", ..] | ["PREPARE", "TRANSACTION", ..] | ["ALTER", "SYSTEM", ..] => true,
            ["CREATE" | "DROP", "DATABASE" | "TABLESPACE" | "SUBSCRIPTION", ..] => true,
            ["ALTER", "DATABASE", ..] => words.contains(&"TABLESPACE"),
            ["REINDEX", rest @ ..] => {
                rest.iter().any(|word| matches!(*word, "DATABASE" | "SYSTEM" | "SCHEMA" | "CONCURRENTLY"))
            }
            ["CREATE" | "DROP", ..] if words.contains(&"INDEX") => words.contains(&"CONCURRENTLY"),
            ["CLUSTER"] => true,
            _ => false,
        }
    })
}

/// What the statement does; the verb of `WITH …` is behind its tables.
fn verb(statement: &Statement) -> &str {
    let mut depth = 0;
    for word in &statement.words {
        match word.as_str() {
            "(" => depth += 1,
            ")" => depth -= 1,
            word @ ("SELECT" | "VALUES" | "TABLE" | "INSERT" | "UPDATE" | "DELETE" | "MERGE") if depth == 0 => {
                return word;
            }
            word if depth == 0 && statement.words[0] != "WITH" => return word,
            _ => {}
        }
    }
    ""
}

fn changes_rows(statement: &Statement) -> bool {
    matches!(verb(statement), "INSERT" | "UPDATE" | "DELETE" | "MERGE")
}

/// Asking what a statement returns is a question of its own; only worth it where there may be an answer.
fn may_return_rows(statement: &Statement) -> bool {
    match verb(statement) {
        "SELECT" => !statement.words.iter().any(|word| word == "INTO"),
        "VALUES" | "TABLE" => true,
        "INSERT" | "UPDATE" | "DELETE" | "MERGE" => statement.words.iter().any(|word| word == "RETURNING"),
        _ => false,
    }
}
