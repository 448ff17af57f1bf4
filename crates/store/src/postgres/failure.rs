//! What sqlx's errors mean to a caller.

use crate::StoreError;

/// Classes of SQLSTATE after which trying again may help: connection, transaction rollback, insufficient resources,
/// operator intervention, system error. And, whole: a standby that is not promoted yet, a lock that was not had.
const TEMPORARY: [&str; 7] = ["08", "40", "53", "57", "58", "25006", "55P03"];
/// A value or a row that cannot be: out of range, not UTF-8, there already.
const REFUSED: [&str; 2] = ["22", "23"];
const DAMAGED: &str = "XX";
/// Another transaction was in the way: serialization, deadlock.
const MET: [&str; 2] = ["40001", "40P01"];
/// What `statement::CLOSE` divides by when a row is not there yet for the statement's snapshot.
const OUTDATED: &str = "22012";

/// SQLSTATE, if the error is PostgreSQL's.
fn code(error: &sqlx::Error) -> String {
    error.as_database_error().and_then(|error| error.code()).map(String::from).unwrap_or_default()
}

fn is(code: &str, classes: &[&str]) -> bool {
    classes.iter().any(|class| code.starts_with(class))
}

/// Nobody knows whether the statement was run: the connection, or the server process at its other end, is gone.
pub(super) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed => true,
        error => is(&code(error), &["08", "57P01", "57P02", "57P03", "57P05"]),
    }
}

/// Nothing was done, because of another transaction that is over now.
pub(super) fn is_in_the_way(error: &sqlx::Error) -> bool {
    let code = code(error);
    is(&code, &MET) || code == OUTDATED
}

pub(crate) fn store_error(error: sqlx::Error) -> StoreError {
    let message = error.to_string();
    let code = code(&error);
    match &error {
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => StoreError::Closed,
        sqlx::Error::PoolTimedOut => StoreError::Backend { message, temporary: true },
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => StoreError::Corrupt(message),
        _ if is_lost(&error) || code == OUTDATED => StoreError::Backend { message, temporary: true },
        _ if is(&code, &REFUSED) => StoreError::Refused(message),
        _ if is(&code, &[DAMAGED]) => StoreError::Corrupt(message),
        _ => StoreError::Backend { temporary: is(&code, &TEMPORARY), message },
    }
}
