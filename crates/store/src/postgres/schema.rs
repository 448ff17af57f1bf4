//! Migrations, and the log's identity.

use crate::{StoreError, sql::migrations};
use protocol::Epoch;
use sqlx::{PgConnection, migrate::Migrator};

pub(crate) static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");

/// Brings the database to this version's schema. Several processes may do so at once: they take turns.
///
/// # Errors
/// [`StoreError::Backend`] when a migration fails, or when a newer signalbox has been here.
pub(super) async fn migrate(connection: &mut PgConnection) -> Result<(), StoreError> {
    migrations::run(&POSTGRES, connection, super::store_error).await
}

/// The store's identity; drawn by whoever is first.
pub(super) async fn epoch(connection: &mut PgConnection) -> Result<Epoch, sqlx::Error> {
    sqlx::query(
        "INSERT INTO meta (key, value) VALUES ('epoch', CAST(gen_random_uuid() AS TEXT)) ON CONFLICT (key) DO NOTHING",
    )
    .execute(&mut *connection)
    .await?;
    let (epoch,) = sqlx::query_as("SELECT value FROM meta WHERE key = 'epoch'").fetch_one(connection).await?;
    Ok(Epoch(epoch))
}
