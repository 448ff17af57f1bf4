//! What sqlx's errors mean to a caller.

use crate::StoreError;

/// Classes of SQLSTATE after which trying again may help: connection, transaction rollback, insufficient resources,
/// operator intervention, system error. And, whole: a standby that is not promoted yet, a lock that was not had.
const TEMPORARY: [&str; 7] = ["08", "40", "53", "57", "58", "25006", "55P03"];
/// A value or a row that cannot be: out of range, not UTF-8, there already.
const REFUSED: [&str; 2] = ["22", "23"];
const DAMAGED: &str = "XX";

pub(crate) fn store_error(error: sqlx::Error) -> StoreError {
    let message = error.to_string();
    let code = error.as_database_error().and_then(|error| error.code()).unwrap_or_default();
    let is = |classes: &[&str]| classes.iter().any(|class| code.starts_with(class));
    match &error {
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => StoreError::Closed,
        // TLS among them: it fails when the connection is cut.
        sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) => {
            StoreError::Backend { message, temporary: true }
        }
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => StoreError::Corrupt(message),
        _ if code.is_empty() => StoreError::Backend { message, temporary: false },
        _ if is(&REFUSED) => StoreError::Refused(message),
        _ if is(&[DAMAGED]) => StoreError::Corrupt(message),
        _ => StoreError::Backend { temporary: is(&TEMPORARY), message },
    }
}
