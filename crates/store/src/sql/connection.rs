//! A connection of either backend, as statements see it.

use super::statement::sql;
use crate::{StoreError, postgres, sqlite};
use protocol::Epoch;
use sqlx::{PgConnection, SqliteConnection};

pub(crate) enum Connection<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

impl Connection<'_> {
    /// A field of a column of JSON, as text. SQLite gives numbers as numbers: cast them.
    pub(crate) fn json_text(&self, column: &str, field: &str) -> String {
        match self {
            Connection::Sqlite(_) => format!("{column}->>'{field}'"),
            // It takes no field of JSON that holds a NUL anywhere, and `jsonb` none at all.
            Connection::Postgres(_) => format!("CAST(replace({column}, '\\u0000', '\\ufffd') AS json)->>'{field}'"),
        }
    }

    /// The agent that a `workflow_execution` of another program names, as its index has it.
    pub(crate) fn agent_of_workflow(&self) -> &'static str {
        match self {
            Connection::Sqlite(_) => "data->>'agentId'",
            Connection::Postgres(_) => "agent_of(data)",
        }
    }

    /// At the end of a SELECT whose rows are changed next: rows another transaction holds are left to it. SQLite
    /// has one writer at a time, and no words for this.
    pub(crate) fn skip_locked(&self) -> &'static str {
        match self {
            Connection::Sqlite(_) => "",
            Connection::Postgres(_) => " FOR UPDATE SKIP LOCKED",
        }
    }

    /// Until the end of the transaction, nobody else does what is named; what they did is seen by the statements that
    /// follow. SQLite has one writer at a time anyway.
    pub(crate) async fn alone(&mut self, with: &str) -> Result<(), StoreError> {
        match self {
            Connection::Sqlite(_) => Ok(()),
            Connection::Postgres(_) => {
                // Beside other schemas, whose locks are the same database's.
                let lock = sql("SELECT CAST(1 AS BIGINT) FROM
                    (SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ':' || $1, 0))) AS locked");
                lock.bind(with).one::<(i64,)>(self).await.map(drop)
            }
        }
    }

    /// Until the end of the transaction, nobody commits to the log of this epoch.
    pub(crate) async fn take_log(&mut self, epoch: &Epoch) -> Result<(), StoreError> {
        match self {
            Connection::Sqlite(_) => Ok(()),
            Connection::Postgres(_) => {
                let lock = sql("SELECT CAST(1 AS BIGINT) FROM (SELECT pg_advisory_xact_lock($1)) AS locked");
                lock.bind(postgres::log_key(epoch)).one::<(i64,)>(self).await.map(drop)
            }
        }
    }

    /// Columns as one text: a JSON array.
    pub(crate) fn row_text(&self, columns: &str) -> String {
        match self {
            Connection::Sqlite(_) => format!("json_array({columns})"),
            Connection::Postgres(_) => format!("CAST(json_build_array({columns}) AS TEXT)"),
        }
    }

    /// What an error on this connection means to a caller.
    pub(crate) fn store_error(&self, error: sqlx::Error) -> StoreError {
        match self {
            Connection::Sqlite(_) => sqlite::store_error(error),
            Connection::Postgres(_) => postgres::store_error(error),
        }
    }
}
