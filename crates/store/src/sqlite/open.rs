//! Opening a store on SQLite.

use super::{
    connect::Place,
    failure::store_error,
    hands::Hands,
    log::{SqliteLog, connect},
    rows::BoundRows,
    schema,
};
use crate::{
    StoreError,
    backup::is_whole,
    sql::{connection::Connection, readers::Readers, store::SqlStore},
};
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use std::{path::Path, sync::Arc, time::Duration};
use tokio::sync::RwLock;

/// Reads at once. They are short, and the machine has few cores; more wait.
const CONNECTIONS: u32 = 4;
/// How long a read waits for a connection before it fails as temporary.
const WAIT: Duration = Duration::from_secs(30);

/// For reading beside whoever serves it.
///
/// # Errors
/// [`StoreError::Backend`] when there is no such file.
pub(crate) fn readers(path: &str) -> Result<Readers, StoreError> {
    let path = Path::new(path);
    if !path.is_file() {
        let message = format!("there is no store at {}", path.display());
        return Err(StoreError::Backend { message, temporary: false });
    }
    Ok(Readers::Sqlite(pool(&Place::file(path)), None))
}

/// Connects when first needed.
fn pool(place: &Place) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(WAIT)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy_with(place.reader())
}

/// A store in one SQLite file, or in memory. Needs a tokio runtime for as long as it lives.
pub type SqliteStore = SqlStore<BoundRows>;

impl SqliteStore {
    /// Opens a database file and brings it to this version's schema; creates it if it is missing, but not its
    /// folder. Nothing but this process may write it meanwhile: see [`crate::DataDir`].
    ///
    /// # Errors
    /// [`StoreError::Backend`] when it cannot be opened or migrated, [`StoreError::Corrupt`] when it is no database.
    pub async fn open(path: &Path) -> Result<Arc<Self>, StoreError> {
        let place = Place::file(path);
        Self::open_place(&place, place.writer()).await
    }

    /// A new store that is gone when it is closed or dropped.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when there is no memory.
    pub async fn in_memory() -> Result<Arc<Self>, StoreError> {
        let place = Place::memory();
        Self::open_place(&place, place.writer()).await
    }

    /// As `open`, on a disk that is full at so many pages of 8 KiB; for tests of just that.
    #[doc(hidden)]
    pub async fn open_with_max_pages(path: &Path, pages: u32) -> Result<Arc<Self>, StoreError> {
        let place = Place::file(path);
        Self::open_place(&place, place.writer().pragma("max_page_count", pages.to_string())).await
    }

    async fn open_place(place: &Place, options: SqliteConnectOptions) -> Result<Arc<Self>, StoreError> {
        let mut connection = connect(place, &options).await?;
        schema::migrate(&mut connection).await?;
        let epoch = schema::epoch(&mut connection).await.map_err(store_error)?;
        is_whole(&mut Connection::Sqlite(&mut connection)).await?;
        let gate = match place {
            Place::File(_) => None,
            Place::Memory(_) => Some(Arc::new(RwLock::new(()))),
        };
        let pool = pool(place);
        let mut log = SqliteLog::new(options, Hands::on(connection).await.map_err(store_error)?, gate.clone());
        let known = log.known().await?;
        Self::start(epoch, log, known, Readers::Sqlite(pool, gate), None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Store, sql::sample, sql::statement::sql};
    use protocol::{Event, Position};

    #[tokio::test]
    async fn what_must_be_committed_waits_for_room_and_is_there_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = SqliteStore::open_with_max_pages(&folder.path().join("full.db"), 90).await.expect("a store");
        let mut commit = sample::commit(1, 0, 0, 2, None);
        commit.events[1].event = Event::Other { name: "large".into(), data: "x".repeat(900_000).into() };
        let error = store.commit(commit.clone()).await.expect_err("900 KB do not fit into 720 KB");
        assert!(matches!(&error, StoreError::Backend { temporary: true, .. }), "{error:?}");
        let mut pauses = 0;
        let mut pause = |error: &StoreError| -> futures::future::BoxFuture<'static, ()> {
            assert!(matches!(error, StoreError::Backend { temporary: true, .. }), "{error:?}");
            pauses += 1;
            let (store, is_enough) = (store.clone(), pauses == 2);
            Box::pin(async move {
                if is_enough {
                    store.database().change(sql("PRAGMA max_page_count = 10000")).await.expect("room is made");
                }
            })
        };
        let committed = store.commit_at_last(commit.clone(), &mut pause).await.expect("a commit, in the end");
        assert_eq!((committed.first, committed.events.len(), pauses), (Position(1), 2, 2));
        let again = store.commit(commit).await.expect("it is known");
        assert_eq!((again.first, again.events), (committed.first, committed.events));
        assert_eq!(store.head().await.expect("a read"), Position(2));
    }
}
