//! The writer's connection, in two hands.

use super::group;
use crate::StoreError;
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

/// One connection of SQLite. Every commit goes through `direct`: a call is a call, where sqlx hands each statement
/// to a thread of its own and back. What few commits bring, and jobs beside the log, are written for both databases
/// and go through `sqlx`, in the same transaction.
pub(super) struct Hands {
    // In this order: its statements end before the connection is closed.
    pub(super) direct: rusqlite::Connection,
    pub(super) sqlx: SqliteConnection,
}

impl Hands {
    pub(super) async fn connect(options: &SqliteConnectOptions) -> Result<Self, sqlx::Error> {
        Self::on(options.connect().await?).await
    }

    pub(super) async fn on(mut sqlx: SqliteConnection) -> Result<Self, sqlx::Error> {
        let handle = sqlx.lock_handle().await?.as_raw_handle();
        #[allow(unsafe_code, reason = "the one way to use a connection of sqlx's without its thread")]
        // SAFETY: the handle is open for as long as `sqlx` lives, which `direct` never outlives: see the order of the
        // fields, and `close`. Both are behind one `&mut self`, so nothing of sqlx's runs while `direct` is used; and
        // SQLite is built to take calls from several threads (`SQLITE_THREADSAFE=1`).
        let direct = unsafe { rusqlite::Connection::from_handle(handle.as_ptr()) };
        let direct = direct.map_err(|error| sqlx::Error::Protocol(error.to_string()))?;
        direct.set_prepared_statement_cache_capacity(group::STATEMENTS);
        Ok(Self { direct, sqlx })
    }

    pub(super) async fn close(self) -> Result<(), StoreError> {
        let Self { direct, sqlx } = self;
        drop(direct);
        sqlx.close().await.map_err(super::store_error)
    }
}
