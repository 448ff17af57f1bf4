//! The writer's connection, in two hands.

use super::{failure::store_error, group};
use crate::StoreError;
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

/// One connection of SQLite. Every commit goes through the direct hand: a call is a call, where sqlx hands each
/// statement to a thread of its own and back. What few commits bring, and jobs beside the log, are written for both
/// databases and go through sqlx's, in the same transaction.
pub(super) struct Hands {
    // In this order: its statements end before the connection is closed.
    direct: rusqlite::Connection,
    sqlx: SqliteConnection,
    /// sqlx's thread may still be busy: it resets a statement after it has told how it ended.
    is_sqlx_busy: bool,
}

impl Hands {
    pub(super) async fn connect(options: &SqliteConnectOptions) -> Result<Self, sqlx::Error> {
        Self::on(options.connect().await?).await
    }

    pub(super) async fn on(mut sqlx: SqliteConnection) -> Result<Self, sqlx::Error> {
        let handle = sqlx.lock_handle().await?.as_raw_handle();
        #[allow(unsafe_code, reason = "the one way to use a connection of sqlx's without its thread")]
        // SAFETY: the handle is open for as long as `sqlx` lives, which `direct` never outlives: see the order of the
        // fields, and `close`. The connection has no mutex, so only one thread may be in it at a time: `direct` is
        // handed out only after sqlx's thread has said that it has nothing left to do, and while it is borrowed nobody
        // can ask sqlx for anything.
        let direct = unsafe { rusqlite::Connection::from_handle(handle.as_ptr()) };
        let direct = direct.map_err(|error| sqlx::Error::Protocol(error.to_string()))?;
        direct.set_prepared_statement_cache_capacity(group::STATEMENTS);
        Ok(Self { direct, sqlx, is_sqlx_busy: true })
    }

    /// # Errors
    /// [`StoreError::Closed`] when sqlx's thread has ended: the connection is of no use any more.
    pub(super) async fn direct(&mut self) -> Result<&rusqlite::Connection, StoreError> {
        if self.is_sqlx_busy {
            self.sqlx.ping().await.map_err(store_error)?;
            self.is_sqlx_busy = false;
        }
        Ok(&self.direct)
    }

    pub(super) fn sqlx(&mut self) -> &mut SqliteConnection {
        self.is_sqlx_busy = true;
        &mut self.sqlx
    }

    pub(super) async fn close(mut self) -> Result<(), StoreError> {
        // Finalizing statements is a use, too. That the thread has ended is as good.
        let _ = self.direct().await;
        let Self { direct, sqlx, .. } = self;
        drop(direct);
        sqlx.close().await.map_err(store_error)
    }
}
