//! Connections, and how they are set.

use super::failure::store_error;
use crate::StoreError;
use sqlx::{ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use std::time::{Duration, Instant};

/// How long a database that is away (restarted, failing over) is waited for before callers are told.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// Between attempts, doubled up to the second.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// The writer's statement comes in some hundred shapes, of which a dozen are common.
const STATEMENTS: usize = 256;
/// PostgreSQL 14: `pg_terminate_backend` that waits.
const OLDEST: i32 = 140_000;

/// For every session: what a database or a role may have set otherwise and statements here rely on.
const EVERYWHERE: [(&str, &str); 2] = [
    // A statement sees what was committed before it.
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_read_only", "off"),
];
/// For the writer: its plans are made once, for tables of any size, and only find rows by key. Compiling them would
/// take longer than running them.
const WRITER: [(&str, &str); 5] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("jit", "off"),
];

/// Where the database is, from its URL.
#[derive(Clone, Debug)]
pub(super) struct Place(PgConnectOptions);

/// The writer's connection, and which it is to the database.
pub(super) struct Writing {
    pub(super) connection: PgConnection,
    pub(super) backend: Backend,
}

/// A server process of PostgreSQL. Numbers are used again; with its start it is the only one.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub(super) struct Backend {
    pub(super) pid: i32,
    pub(super) started: String,
}

impl Place {
    pub(super) fn of(url: &str) -> Result<Self, StoreError> {
        let options: PgConnectOptions = url.parse().map_err(|error: sqlx::Error| {
            // The URL holds a password: it is not repeated.
            StoreError::Backend { message: format!("the URL of the PostgreSQL database: {error}"), temporary: false }
        })?;
        let options = options.options(EVERYWHERE).statement_cache_capacity(STATEMENTS).disable_statement_logging();
        Ok(Self(options))
    }

    pub(super) fn reader(&self) -> PgConnectOptions {
        self.0.clone().application_name("signalbox")
    }

    /// One attempt.
    pub(super) async fn writer(&self) -> Result<Writing, sqlx::Error> {
        let options = self.0.clone().application_name("signalbox writer").options(WRITER);
        let mut connection = options.connect().await?;
        // Every commit is on disk before it is answered, whatever the server's default; more is not taken back.
        sqlx::query(
            "SELECT set_config('synchronous_commit', 'on', false)
            WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')",
        )
        .execute(&mut connection)
        .await?;
        let backend = sqlx::query_as(
            "SELECT pid, CAST(backend_start AS TEXT) AS started FROM pg_stat_activity WHERE pid = pg_backend_pid()",
        )
        .fetch_one(&mut connection)
        .await?;
        Ok(Writing { connection, backend })
    }

    /// As [`Place::writer`], waiting for a database that is away.
    pub(super) async fn writer_patiently(&self) -> Result<Writing, StoreError> {
        let mut patience = Patience::default();
        loop {
            let error = match self.writer().await {
                Ok(writing) => return Ok(writing),
                Err(error) => self.named(store_error(error)),
            };
            if !matches!(error, StoreError::Backend { temporary: true, .. }) || !patience.pause(&error).await {
                return Err(error);
            }
        }
    }

    /// For the connection that listens.
    pub(super) fn listener(&self) -> PgConnectOptions {
        self.0.clone().application_name("signalbox listener")
    }

    /// An error, with where it was.
    fn named(&self, error: StoreError) -> StoreError {
        match error {
            StoreError::Backend { message, temporary } => {
                let (host, port) = (self.0.get_host(), self.0.get_port());
                StoreError::Backend { message: format!("PostgreSQL at {host}:{port}: {message}"), temporary }
            }
            error => error,
        }
    }
}

impl Writing {
    /// # Errors
    /// [`StoreError::Backend`] for a server that is too old or a database that does not keep Unicode.
    pub(super) async fn check(&mut self) -> Result<(), StoreError> {
        let (version, encoding): (i32, String) = sqlx::query_as(
            "SELECT CAST(current_setting('server_version_num') AS INT), current_setting('server_encoding')",
        )
        .fetch_one(&mut self.connection)
        .await
        .map_err(store_error)?;
        let unusable = |message: String| Err(StoreError::Backend { message, temporary: false });
        if version < OLDEST {
            return unusable(format!("PostgreSQL {} is too old: 14 or newer is needed", version / 10_000));
        }
        if encoding != "UTF8" {
            return unusable(format!("the database's encoding is {encoding}: UTF8 is needed"));
        }
        Ok(())
    }

    pub(super) async fn close(self) {
        // What is closed may be gone already.
        let _ = self.connection.close().await;
    }
}

/// Waiting for a database that is away, up to [`PATIENCE`].
pub(crate) struct Patience {
    since: Instant,
    pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { since: Instant::now(), pause: FIRST_PAUSE }
    }
}

impl Patience {
    /// Waits a little; false when it has been long enough.
    pub(crate) async fn pause(&mut self, error: &StoreError) -> bool {
        if self.since.elapsed() >= PATIENCE {
            return false;
        }
        if self.pause == FIRST_PAUSE {
            tracing::warn!(%error, "waiting for PostgreSQL");
        }
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        true
    }
}
