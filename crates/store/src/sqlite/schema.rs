//! Migrations. sqlx reads one folder per migrator; ours are in two (portable, and what must differ), embedded
//! each and run as one sequence by their numbers.

use crate::StoreError;
use protocol::Epoch;
use sqlx::{
    SqliteConnection,
    migrate::{MigrateError, Migrator},
};

static COMMON: Migrator = sqlx::migrate!("../../migrations/common");
static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");

/// Brings the database to this version's schema.
///
/// # Errors
/// [`StoreError::Backend`] when a migration fails, or when a newer signalbox has been here.
pub(super) async fn migrate(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let migrations = COMMON.iter().chain(SQLITE.iter()).cloned().collect();
    // `run` would borrow the connection for a lifetime the compiler cannot prove; `run_direct` is what it calls.
    match Migrator::with_migrations(migrations).run_direct(None, connection, false).await {
        Ok(()) => Ok(()),
        Err(MigrateError::Execute(error)) => Err(super::failure::store_error(error)),
        Err(MigrateError::VersionMissing(version)) => Err(StoreError::Backend {
            message: format!(
                "the database was written by a newer signalbox (migration {version} is unknown here): use that one"
            ),
            temporary: false,
        }),
        Err(error) => Err(StoreError::Backend { message: format!("migrating: {error}"), temporary: false }),
    }
}

/// The store's identity; drawn when the database is new.
pub(super) async fn epoch(connection: &mut SqliteConnection) -> Result<Epoch, sqlx::Error> {
    let (random,): (Vec<u8>,) = sqlx::query_as("SELECT randomblob(16)").fetch_one(&mut *connection).await?;
    let fresh = uuid::Builder::from_slice(&random).map_err(|error| sqlx::Error::Decode(error.into()))?;
    let fresh = fresh.with_version(uuid::Version::Random).with_variant(uuid::Variant::RFC4122).into_uuid();
    sqlx::query("INSERT INTO meta (key, value) VALUES ('epoch', $1) ON CONFLICT (key) DO NOTHING")
        .bind(fresh.to_string())
        .execute(&mut *connection)
        .await?;
    let (epoch,) = sqlx::query_as("SELECT value FROM meta WHERE key = 'epoch'").fetch_one(connection).await?;
    Ok(Epoch(epoch))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_backends_folders_make_one_sequence_and_both_backends_have_the_same_numbers() {
        let postgres: Migrator = sqlx::migrate!("../../migrations/postgres");
        let numbers = |own: &Migrator| {
            let all: Vec<i64> = COMMON.iter().chain(own.iter()).map(|migration| migration.version).collect();
            let unique: BTreeSet<i64> = all.iter().copied().collect();
            assert_eq!(unique.len(), all.len(), "a number is used twice: {all:?}");
            unique
        };
        assert_eq!(numbers(&SQLITE), numbers(&postgres));
    }
}
