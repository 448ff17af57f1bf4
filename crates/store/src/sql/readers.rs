//! Connections for reading: a few, apart from the writer's.

use super::connection::Connection;
use crate::{
    StoreError,
    postgres::{self, Patience},
    sqlite,
};
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction, pool::PoolConnection};
use std::sync::Arc;
use tokio::sync::{OwnedRwLockReadGuard, RwLock};

#[derive(Debug)]
pub(crate) enum Readers {
    /// With the gate of a database in memory, see its log.
    Sqlite(SqlitePool, Option<Arc<RwLock<()>>>),
    Postgres(PgPool),
}

/// One connection, each statement of its own snapshot. Fields drop in this order.
pub(crate) enum Reading {
    Sqlite { connection: PoolConnection<Sqlite>, _gate: Option<OwnedRwLockReadGuard<()>> },
    Postgres(PoolConnection<Postgres>),
}

/// Several statements in one snapshot; nothing to commit.
pub(crate) enum Snapshot {
    Sqlite { transaction: Transaction<'static, Sqlite>, _gate: Option<OwnedRwLockReadGuard<()>> },
    Postgres(Transaction<'static, Postgres>),
}

impl Readers {
    pub(crate) async fn reading(&self) -> Result<Reading, StoreError> {
        match self {
            Readers::Sqlite(pool, gate) => {
                let gate = enter(gate).await;
                let connection = pool.acquire().await.map_err(sqlite::store_error)?;
                Ok(Reading::Sqlite { connection, _gate: gate })
            }
            Readers::Postgres(pool) => Ok(Reading::Postgres(pool.acquire().await.map_err(postgres::store_error)?)),
        }
    }

    pub(crate) async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        match self {
            Readers::Sqlite(pool, gate) => {
                let gate = enter(gate).await;
                let transaction = pool.begin().await.map_err(sqlite::store_error)?;
                Ok(Snapshot::Sqlite { transaction, _gate: gate })
            }
            Readers::Postgres(pool) => {
                let begun = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await;
                Ok(Snapshot::Postgres(begun.map_err(postgres::store_error)?))
            }
        }
    }

    /// Whether to try a read again, after a pause: another process's database may be away for a moment, and each
    /// of the pool's connections may turn out to be dead. `patience` is `None` at first.
    pub(crate) async fn again(&self, patience: &mut Option<Patience>, error: &StoreError) -> bool {
        match (self, error) {
            (Readers::Postgres(_), StoreError::Backend { temporary: true, .. }) => {
                patience.get_or_insert_default().pause(error).await
            }
            _ => false,
        }
    }

    pub(crate) async fn close(&self) {
        match self {
            Readers::Sqlite(pool, _) => pool.close().await,
            Readers::Postgres(pool) => pool.close().await,
        }
    }
}

async fn enter(gate: &Option<Arc<RwLock<()>>>) -> Option<OwnedRwLockReadGuard<()>> {
    match gate {
        Some(gate) => Some(gate.clone().read_owned().await),
        None => None,
    }
}

impl Reading {
    pub(crate) fn on(&mut self) -> Connection<'_> {
        match self {
            Reading::Sqlite { connection, .. } => Connection::Sqlite(connection),
            Reading::Postgres(connection) => Connection::Postgres(connection),
        }
    }
}

impl Snapshot {
    pub(crate) fn on(&mut self) -> Connection<'_> {
        match self {
            Snapshot::Sqlite { transaction, .. } => Connection::Sqlite(transaction),
            Snapshot::Postgres(transaction) => Connection::Postgres(transaction),
        }
    }

    /// Hands the connection back at once. (Dropping does so too, a little later.)
    pub(crate) async fn end(self) {
        // A read that cannot be rolled back leaves nothing behind.
        let _ = match self {
            Snapshot::Sqlite { transaction, .. } => transaction.rollback().await,
            Snapshot::Postgres(transaction) => transaction.rollback().await,
        };
    }
}
