//! Migrations. sqlx reads one folder per migrator; ours are in two (portable, and what must differ), embedded
//! each and run as one sequence by their numbers.

use crate::StoreError;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{postgres::POSTGRES, sqlite::SQLITE};
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
