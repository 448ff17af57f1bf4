//! A statement with its parameters, run on either backend.

use super::connection::Connection;
use crate::StoreError;
use futures::{TryStreamExt, stream::BoxStream};
use protocol::{ExecutionId, Timestamp};
use sqlx::{AssertSqlSafe, FromRow, SqlSafeStr, SqlStr, postgres::PgRow, sqlite::SqliteRow};
use std::{
    borrow::Cow,
    fmt::{Display, Write},
};

/// What a row is read into: `#[derive(sqlx::FromRow)]` or a tuple, of `i64`, `f64`, `String` and options of them.
pub(crate) trait Readable: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

impl<T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin> Readable for T {}

/// A parameter.
#[derive(Clone, Debug)]
pub(crate) enum Argument {
    Integer(Option<i64>),
    Real(f64),
    Text(Option<String>),
    Truth(bool),
}

/// Text and parameters, to be run once; a clone, once more. A text that is put together is so of literals only: values are parameters.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    text: Cow<'static, str>,
    arguments: Vec<Argument>,
}

/// A statement with `$1`, `$2` … to [`Statement::bind`], or the beginning of one.
pub(crate) fn sql(text: &'static str) -> Statement {
    Statement { text: Cow::Borrowed(text), arguments: Vec::new() }
}

/// Either backend's query, with the parameters.
macro_rules! bound {
    ($query:expr, $arguments:expr) => {{
        let mut query = $query;
        for argument in $arguments {
            query = match argument {
                Argument::Integer(value) => query.bind(value),
                Argument::Real(value) => query.bind(value),
                Argument::Text(value) => query.bind(value),
                Argument::Truth(value) => query.bind(value),
            };
        }
        query
    }};
}

impl Statement {
    /// The next parameter.
    pub(crate) fn bind(mut self, value: impl Into<Argument>) -> Self {
        self.arguments.push(value.into());
        self
    }

    /// More text of a statement being put together.
    pub(crate) fn push(&mut self, text: impl Display) -> &mut Self {
        write!(self.text.to_mut(), "{text}").expect("a string takes everything");
        self
    }

    /// The next parameter, in the text too.
    pub(crate) fn push_bind(&mut self, value: impl Into<Argument>) -> &mut Self {
        self.arguments.push(value.into());
        let number = self.arguments.len();
        self.push(format_args!("${number}"))
    }

    /// Runs it; how many rows it touched.
    pub(crate) async fn execute(self, connection: &mut Connection<'_>) -> Result<u64, StoreError> {
        let (text, arguments) = self.parts();
        let done = match connection {
            Connection::Sqlite(to) => {
                bound!(sqlx::query(text), arguments).execute(&mut **to).await.map(|done| done.rows_affected())
            }
            Connection::Postgres(to) => {
                bound!(sqlx::query(text), arguments).execute(&mut **to).await.map(|done| done.rows_affected())
            }
        };
        done.map_err(|error| connection.store_error(error))
    }

    pub(crate) async fn all<T: Readable>(self, connection: &mut Connection<'_>) -> Result<Vec<T>, StoreError> {
        let (text, arguments) = self.parts();
        let rows = match connection {
            Connection::Sqlite(on) => bound!(sqlx::query_as(text), arguments).fetch_all(&mut **on).await,
            Connection::Postgres(on) => bound!(sqlx::query_as(text), arguments).fetch_all(&mut **on).await,
        };
        rows.map_err(|error| connection.store_error(error))
    }

    /// The first row. All are fetched: a writing statement that is not run to its end does not commit.
    pub(crate) async fn optional<T: Readable>(self, connection: &mut Connection<'_>) -> Result<Option<T>, StoreError> {
        Ok(self.all(connection).await?.into_iter().next())
    }

    /// The row of a statement that always has one.
    pub(crate) async fn one<T: Readable>(self, connection: &mut Connection<'_>) -> Result<T, StoreError> {
        let row = self.optional(connection).await?;
        row.ok_or_else(|| connection.store_error(sqlx::Error::RowNotFound))
    }

    /// Row by row; what is not taken is not kept in memory.
    pub(crate) fn stream<'c, T: Readable + 'c>(
        self,
        connection: &'c mut Connection<'_>,
    ) -> BoxStream<'c, Result<T, StoreError>> {
        let (text, arguments) = self.parts();
        match connection {
            Connection::Sqlite(on) => {
                Box::pin(bound!(sqlx::query_as(text), arguments).fetch(&mut **on).map_err(crate::sqlite::store_error))
            }
            Connection::Postgres(on) => {
                Box::pin(bound!(sqlx::query_as(text), arguments).fetch(&mut **on).map_err(crate::postgres::store_error))
            }
        }
    }

    fn parts(self) -> (SqlStr, Vec<Argument>) {
        let text = match self.text {
            Cow::Borrowed(text) => text.into_sql_str(),
            Cow::Owned(text) => AssertSqlSafe(text).into_sql_str(),
        };
        (text, self.arguments)
    }
}

impl From<i64> for Argument {
    fn from(value: i64) -> Self {
        Argument::Integer(Some(value))
    }
}

impl From<Option<i64>> for Argument {
    fn from(value: Option<i64>) -> Self {
        Argument::Integer(value)
    }
}

impl From<u32> for Argument {
    fn from(value: u32) -> Self {
        Argument::Integer(Some(i64::from(value)))
    }
}

impl From<f64> for Argument {
    fn from(value: f64) -> Self {
        Argument::Real(value)
    }
}

impl From<String> for Argument {
    fn from(value: String) -> Self {
        Argument::Text(Some(value))
    }
}

impl From<&str> for Argument {
    fn from(value: &str) -> Self {
        Argument::Text(Some(value.to_owned()))
    }
}

impl From<&String> for Argument {
    fn from(value: &String) -> Self {
        Argument::Text(Some(value.clone()))
    }
}

impl From<Option<String>> for Argument {
    fn from(value: Option<String>) -> Self {
        Argument::Text(value)
    }
}

impl From<&Option<String>> for Argument {
    fn from(value: &Option<String>) -> Self {
        Argument::Text(value.clone())
    }
}

impl From<bool> for Argument {
    fn from(value: bool) -> Self {
        Argument::Truth(value)
    }
}

impl From<Timestamp> for Argument {
    fn from(time: Timestamp) -> Self {
        Argument::Integer(Some(time.0))
    }
}

impl From<Option<Timestamp>> for Argument {
    fn from(time: Option<Timestamp>) -> Self {
        Argument::Integer(time.map(|time| time.0))
    }
}

impl From<ExecutionId> for Argument {
    fn from(id: ExecutionId) -> Self {
        Argument::Text(Some(id.to_string()))
    }
}

impl From<Option<ExecutionId>> for Argument {
    fn from(id: Option<ExecutionId>) -> Self {
        Argument::Text(id.map(|id| id.to_string()))
    }
}

/// A list, for `json_each`.
impl From<&[&str]> for Argument {
    fn from(values: &[&str]) -> Self {
        Argument::Text(Some(serde_json::to_string(values).expect("a list of strings is JSON")))
    }
}

/// A list, for `json_each`.
impl From<&[String]> for Argument {
    fn from(values: &[String]) -> Self {
        Argument::Text(Some(serde_json::to_string(values).expect("a list of strings is JSON")))
    }
}
