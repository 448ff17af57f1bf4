//! Connections for reading: a few, apart from the writer's, unable to write.

use super::{connect::Place, failure::store_error};
use crate::StoreError;
use sqlx::{Sqlite, SqliteConnection, SqlitePool, Transaction, pool::PoolConnection, sqlite::SqlitePoolOptions};
use std::{ops::DerefMut, sync::Arc, time::Duration};
use tokio::sync::{OwnedRwLockReadGuard, RwLock};

/// Reads at once. They are short, and the machine has few cores; more wait.
const CONNECTIONS: u32 = 4;
/// How long a read waits for a connection before it fails as temporary.
const WAIT: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct Readers {
    pool: SqlitePool,
    /// See the writer's `gate`.
    gate: Option<Arc<RwLock<()>>>,
}

/// One connection, each statement of its own snapshot. Fields drop in this order.
pub(super) struct Reading {
    connection: PoolConnection<Sqlite>,
    _gate: Option<OwnedRwLockReadGuard<()>>,
}

/// Several statements in one snapshot; nothing to commit.
pub(super) struct Snapshot {
    transaction: Transaction<'static, Sqlite>,
    _gate: Option<OwnedRwLockReadGuard<()>>,
}

impl Readers {
    /// Connects when first needed.
    pub(super) fn new(place: &Place, gate: Option<Arc<RwLock<()>>>) -> Self {
        let pool = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(WAIT)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with(place.reader());
        Self { pool, gate }
    }

    pub(super) async fn reading(&self) -> Result<Reading, StoreError> {
        let gate = self.enter().await;
        Ok(Reading { connection: self.pool.acquire().await.map_err(store_error)?, _gate: gate })
    }

    pub(super) async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        let gate = self.enter().await;
        Ok(Snapshot { transaction: self.pool.begin().await.map_err(store_error)?, _gate: gate })
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }

    async fn enter(&self) -> Option<OwnedRwLockReadGuard<()>> {
        match &self.gate {
            Some(gate) => Some(gate.clone().read_owned().await),
            None => None,
        }
    }
}

impl Reading {
    pub(super) fn on(&mut self) -> &mut SqliteConnection {
        self.connection.deref_mut()
    }
}

impl Snapshot {
    pub(super) fn on(&mut self) -> &mut SqliteConnection {
        self.transaction.deref_mut()
    }

    /// Hands the connection back at once. (Dropping does so too, a little later.)
    pub(super) async fn end(self) {
        // A read that cannot be rolled back leaves nothing behind.
        let _ = self.transaction.rollback().await;
    }
}
