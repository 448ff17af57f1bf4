//! Migrations, and the log's identity.

use crate::{StoreError, sql::migrations};
use protocol::Epoch;
use sqlx::{SqliteConnection, migrate::Migrator};

pub(crate) static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");

/// Brings the database to this version's schema.
///
/// # Errors
/// [`StoreError::Backend`] when a migration fails, or when a newer signalbox has been here.
pub(super) async fn migrate(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    migrations::run(&SQLITE, connection, super::store_error).await
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
