//! Migrations. sqlx reads one folder per migrator; ours are in two (portable, and what must differ), embedded
//! each and run as one sequence by their numbers.

use super::{connection::Connection, statement::sql};
use crate::{StoreError, postgres::POSTGRES, sqlite::SQLITE};
use sqlx::migrate::{Migrate, MigrateError, Migrator};

pub(crate) static COMMON: Migrator = sqlx::migrate!("../../migrations/common");

/// Brings a database to this version's schema; `own` is what differs on this backend.
///
/// # Errors
/// [`StoreError::Backend`] when a migration fails, or when a newer signalbox has been here.
pub(crate) async fn run<C: Migrate>(
    own: &Migrator,
    connection: &mut C,
    store_error: fn(sqlx::Error) -> StoreError,
) -> Result<(), StoreError> {
    let migrations = COMMON.iter().chain(own.iter()).cloned().collect();
    // `run` would borrow the connection for a lifetime the compiler cannot prove; `run_direct` is what it calls.
    match Migrator::with_migrations(migrations).run_direct(None, connection, false).await {
        Ok(()) => Ok(()),
        Err(MigrateError::Execute(error)) => Err(store_error(error)),
        Err(MigrateError::VersionMissing(version)) => Err(StoreError::Backend {
            message: format!(
                "the database was written by a newer signalbox (migration {version} is unknown here): use that one"
            ),
            temporary: false,
        }),
        Err(error) => Err(StoreError::Backend { message: format!("migrating: {error}"), temporary: false }),
    }
}

/// Whether the database is of this version's schema; for those who only read.
///
/// # Errors
/// [`StoreError::Backend`] when it is not.
pub(crate) async fn check(connection: &mut Connection<'_>) -> Result<(), StoreError> {
    let own = match connection {
        Connection::Sqlite(_) => &SQLITE,
        Connection::Postgres(_) => &POSTGRES,
    };
    let newest = COMMON.iter().chain(own.iter()).map(|migration| migration.version).max().unwrap_or_default();
    let unusable = |message: String| Err(StoreError::Backend { message, temporary: false });
    let there: Result<(i64,), StoreError> =
        sql("SELECT coalesce(max(version), 0) FROM _sqlx_migrations").one(connection).await;
    match there {
        Ok((there,)) if there == newest => Ok(()),
        Ok((there,)) if there < newest => unusable(format!(
            "the store is of an older signalbox (migration {there}): start this one's server on it once, or use that one"
        )),
        Ok((there,)) => unusable(format!("the store is of a newer signalbox (migration {there}): use that one")),
        Err(StoreError::Backend { message, temporary: false }) => unusable(format!("this is no store: {message}")),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_backends_folders_make_one_sequence() {
        let numbers = |own: &Migrator| {
            let all: Vec<i64> = COMMON.iter().chain(own.iter()).map(|migration| migration.version).collect();
            let unique: BTreeSet<i64> = all.iter().copied().collect();
            assert_eq!(unique.len(), all.len(), "a number is used twice: {all:?}");
            unique
        };
        // PostgreSQL has some of its own: functions, collations. That the tables are the same, another test looks
        // at (`tests/postgres_migrations.rs`).
        assert!(numbers(&SQLITE).is_subset(&numbers(&POSTGRES)));
    }
}
