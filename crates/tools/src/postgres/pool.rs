//! Connections, by what they lead to: some are kept open for a while, and there are never too many.

use super::{failure, target::Target};
use crate::{EgressPolicy, egress::Pinned};
use protocol::TaskError;
use sqlx::{Connection, PgConnection, raw_sql};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::AbortHandle,
    time::Instant,
};

/// Connections to one database at once. A server takes a hundred unless told, and others want some too.
const AT_ONCE: usize = 8;

/// An unused connection is closed after this time.
const IDLE: Duration = Duration::from_secs(60);

/// Until a server that does not answer is given up.
const CONNECT: Duration = Duration::from_secs(15);

/// How long the server may take to be told that a statement is no longer wanted.
const CANCEL: Duration = Duration::from_secs(3);

#[derive(Default)]
pub(super) struct Connections {
    shared: Arc<Mutex<HashMap<Target, Pool>>>,
    reaper: Mutex<Option<AbortHandle>>,
}

struct Pool {
    places: Arc<Semaphore>,
    idle: Vec<(PgConnection, Instant)>,
    used: Instant,
}

/// A connection in use, and the place it takes up.
pub(super) struct Open {
    pub(super) connection: PgConnection,
    target: Target,
    _place: OwnedSemaphorePermit,
}

impl Connections {
    /// # Errors
    /// `egress_refused`, `postgres_connect`.
    pub(super) async fn take(&self, target: &Target, egress: &EgressPolicy) -> Result<Open, TaskError> {
        let places = {
            let mut pools = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            let pool = pools.entry(target.clone()).or_insert_with(|| Pool {
                places: Arc::new(Semaphore::new(AT_ONCE)),
                idle: Vec::new(),
                used: Instant::now(),
            });
            pool.used = Instant::now();
            pool.places.clone()
        };
        let place = places.acquire_owned().await.expect("nobody closes the semaphore");
        while let Some(mut connection) = self.kept(target) {
            // The server may have closed it meanwhile.
            if connection.ping().await.is_ok() {
                return Ok(Open { connection, target: target.clone(), _place: place });
            }
        }
        let connection = connect(target, egress).await?;
        Ok(Open { connection, target: target.clone(), _place: place })
    }

    /// Keeps a connection on which nothing is under way. What the statements changed in the session is undone; a
    /// connection that cannot be cleaned is closed.
    pub(super) async fn put(&self, mut open: Open) {
        if raw_sql("DISCARD ALL").execute(&mut open.connection).await.is_err() {
            return;
        }
        {
            let mut pools = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(pool) = pools.get_mut(&open.target) {
                pool.used = Instant::now();
                pool.idle.push((open.connection, Instant::now()));
            }
        }
        self.reap();
    }

    fn kept(&self, target: &Target) -> Option<PgConnection> {
        let mut pools = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        pools.get_mut(target)?.idle.pop().map(|(connection, _)| connection)
    }

    /// Closes unused connections in time, as long as there are any.
    fn reap(&self) {
        let mut reaper = self.reaper.lock().unwrap_or_else(PoisonError::into_inner);
        if reaper.as_ref().is_some_and(|running| !running.is_finished()) {
            return;
        }
        let pools = Arc::downgrade(&self.shared);
        let closing = tokio::spawn(async move {
            loop {
                tokio::time::sleep(IDLE / 4).await;
                let Some(pools) = pools.upgrade() else { return };
                let mut pools = pools.lock().unwrap_or_else(PoisonError::into_inner);
                let now = Instant::now();
                for pool in pools.values_mut() {
                    pool.idle.retain(|(_, since)| now.duration_since(*since) < IDLE);
                }
                pools.retain(|_, pool| {
                    !pool.idle.is_empty()
                        || pool.places.available_permits() < AT_ONCE
                        || now.duration_since(pool.used) < IDLE
                });
                if pools.is_empty() {
                    return;
                }
            }
        });
        *reaper = Some(closing.abort_handle());
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        if let Some(reaper) = self.reaper.lock().unwrap_or_else(PoisonError::into_inner).take() {
            reaper.abort();
        }
    }
}

/// Connects to an address the egress guard has seen; by name only where the server proves its name.
pub(super) async fn connect(target: &Target, egress: &EgressPolicy) -> Result<PgConnection, TaskError> {
    let mut hosts = vec![target.host.clone()];
    if !target.is_socket() {
        let Pinned { addresses, .. } = egress
            .resolve_stored(&target.host, target.port)
            .await
            .map_err(|refused| TaskError::new("egress_refused", format!("postgres: {}: {refused}", target.what())))?;
        if !target.proves_its_name() {
            hosts = addresses.iter().map(|address| address.ip().to_string()).collect();
        }
    }
    let mut last = None;
    for host in hosts {
        let options = target.options(&host);
        match tokio::time::timeout(CONNECT, PgConnection::connect_with(&options)).await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(error)) => last = Some(failure::cause(&error)),
            Err(_) => last = Some(format!("no answer within {} s", CONNECT.as_secs())),
        }
    }
    let why = last.unwrap_or_else(|| "it has no address".to_owned());
    Err(TaskError::new("postgres_connect", format!("postgres: {} cannot be connected to: {why}", target.what())))
}

/// Stops what the session called `application` runs on the server. `pid` alone would not do: behind a pooler it
/// may be somebody else's by now.
pub(super) async fn cancel(target: &Target, egress: &EgressPolicy, pid: i32, application: &str) {
    let asking = async {
        let mut connection = connect(target, egress).await.map_err(|error| error.message)?;
        sqlx::query("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND application_name = $2")
            .persistent(false)
            .bind(pid)
            .bind(application)
            .execute(&mut connection)
            .await
            .map_err(|error| failure::cause(&error))?;
        let _ = connection.close().await;
        Ok::<_, String>(())
    };
    match tokio::time::timeout(CANCEL, asking).await {
        Ok(Ok(())) => {}
        Ok(Err(why)) => tracing::warn!(target = target.what(), why, "a statement could not be cancelled on the server"),
        Err(_) => {
            tracing::warn!(target = target.what(), "the server did not answer when a statement was to be cancelled")
        }
    }
}
