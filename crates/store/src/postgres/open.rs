//! Opening a store on PostgreSQL.

use super::{
    columns::Columns,
    connect::Place,
    failure::store_error,
    listen::Listening,
    lock,
    log::{PostgresLog, Shared},
    schema,
    statement::FORGET_MARKS,
};
use crate::{
    StoreError,
    backup::is_whole,
    sql::{
        connection::Connection,
        readers::Readers,
        store::{Others, SqlStore},
    },
};
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::{
    sync::{Arc, atomic::AtomicI32},
    time::Duration,
};

/// Reads, and writes beside the log, at once. They are short; more wait. Several servers share what the database
/// allows (100 unless set otherwise).
const CONNECTIONS: u32 = 8;
/// How long one waits for a connection before it fails as temporary.
const WAIT: Duration = Duration::from_secs(10);

/// For reading beside whoever serves it.
///
/// # Errors
/// [`StoreError::Backend`] for what is no URL.
pub(crate) fn readers(url: &str) -> Result<Readers, StoreError> {
    Ok(Readers::Postgres(pool(&Place::of(url)?)))
}

/// Connects when first needed. A connection that turns out to be dead is found out by the read, which is done again:
/// cheaper than asking each time.
fn pool(place: &Place) -> PgPool {
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(WAIT)
        .test_before_acquire(false)
        .connect_lazy_with(place.reader())
}

/// A store in a PostgreSQL database. Needs a tokio runtime for as long as it lives.
pub type PostgresStore = SqlStore<Columns>;

impl PostgresStore {
    /// Opens the database a URL names (`postgres://user:password@host:port/database?options`) and brings it to this
    /// version's schema, in the first schema of its search path. The database itself must exist. A database that
    /// does not answer is waited for, for ten seconds. Other processes may use it at the same time.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when it cannot be reached, used or migrated.
    pub async fn connect(url: &str) -> Result<Arc<Self>, StoreError> {
        let place = Place::of(url)?;
        let mut writing = place.writer_patiently().await?;
        writing.check().await?;
        schema::migrate(&mut writing.connection).await?;
        let epoch = schema::epoch(&mut writing.connection).await.map_err(store_error)?;
        sqlx::query(FORGET_MARKS).execute(&mut writing.connection).await.map_err(store_error)?;
        is_whole(&mut Connection::Postgres(&mut writing.connection)).await?;
        let pool = pool(&place);
        let pid = Arc::new(AtomicI32::new(0));
        let channel = lock::channel(&epoch);
        let (listening, head) = Listening::new(place.clone(), channel.clone(), pid.clone());
        let mut log = PostgresLog::new(place, writing, Shared { lock: lock::key(&epoch), channel, pid });
        let known = log.known().await?;
        Self::start(epoch, log, known, Readers::Postgres(pool), Some(Others { head, listening }))
    }
}
