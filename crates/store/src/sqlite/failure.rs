//! What errors of SQLite mean to callers.

use crate::{StoreError, sql::backend::Failed};

/// SQLite's primary result codes after which trying again may help: busy, locked, no memory, I/O error, full,
/// cannot open, locking protocol.
const TEMPORARY: [i32; 7] = [5, 6, 7, 10, 13, 14, 15];
/// The file is damaged, or is no database.
const DAMAGED: [i32; 2] = [11, 26];
const CONSTRAINT: i32 = 19;

/// The primary result code, if the error is SQLite's.
fn code(error: &sqlx::Error) -> Option<i32> {
    let extended: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}

/// An error of the writer's own statements.
pub(super) fn writing(error: &rusqlite::Error) -> StoreError {
    use rusqlite::Error;
    match error {
        Error::InvalidColumnType(..)
        | Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::Utf8Error(..) => StoreError::Corrupt(error.to_string()),
        _ => coded(error.sqlite_error().map(|error| error.extended_code & 0xff), error.to_string()),
    }
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Self {
        writing(&error).into()
    }
}

pub(crate) fn store_error(error: sqlx::Error) -> StoreError {
    let message = error.to_string();
    match (&error, code(&error)) {
        (sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed, _) => StoreError::Closed,
        (sqlx::Error::PoolTimedOut | sqlx::Error::Io(_), _) => StoreError::Backend { message, temporary: true },
        (sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_), _) => StoreError::Corrupt(message),
        (_, code) => coded(code, message),
    }
}

fn coded(code: Option<i32>, message: String) -> StoreError {
    match code {
        Some(code) if DAMAGED.contains(&code) => StoreError::Corrupt(message),
        Some(CONSTRAINT) => StoreError::Refused(message),
        code => StoreError::Backend { message, temporary: code.is_some_and(|code| TEMPORARY.contains(&code)) },
    }
}
