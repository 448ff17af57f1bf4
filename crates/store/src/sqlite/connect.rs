//! Connections, and how they are set.

use sqlx::{
    ConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Another process of ours may look into the file for a moment; SQLite waits this long for it.
const BUSY: Duration = Duration::from_secs(10);
/// Pages in the log before it is copied into the database: 16 MiB. More saves little and makes opening slower.
const CHECKPOINT_PAGES: u32 = 2_000;
/// KiB of pages in memory for the writer; negative is how SQLite wants KiB. Not more: a commit that split a page looks
/// through all of them (rebalancing lends a page a number behind the last one, and `sqlite3PcacheTruncate` believes it),
/// and what is not here is in the system's cache.
const WRITER_CACHE: &str = "-16384";
/// KiB for each of the readers.
const READER_CACHE: &str = "-8192";
/// Readers, and what is written beside the log, have some fifty.
const STATEMENTS: usize = 100;

/// Where the database is.
#[derive(Clone, Debug)]
pub(super) enum Place {
    File(PathBuf),
    /// A database of SQLite's `memdb`, shared by name by the connections of this process and gone with the last.
    Memory(String),
}

impl Place {
    pub(super) fn file(path: &Path) -> Self {
        Place::File(path.to_owned())
    }

    pub(super) fn memory() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        // The slash is what makes memdb share it.
        Place::Memory(format!("/signalbox-{}", NEXT.fetch_add(1, Relaxed)))
    }

    /// For the writer. Every commit is synced: it survives power loss.
    pub(super) fn writer(&self) -> SqliteConnectOptions {
        let options = self.any().pragma("cache_size", WRITER_CACHE).pragma("temp_store", "memory");
        match self {
            Place::File(_) => options
                .create_if_missing(true)
                .page_size(8192)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .pragma("wal_autocheckpoint", CHECKPOINT_PAGES.to_string()),
            Place::Memory(_) => options.create_if_missing(true),
        }
    }

    /// For readers, who cannot write.
    pub(super) fn reader(&self) -> SqliteConnectOptions {
        self.any().pragma("cache_size", READER_CACHE).pragma("query_only", "on")
    }

    fn any(&self) -> SqliteConnectOptions {
        let options = SqliteConnectOptions::new()
            .busy_timeout(BUSY)
            .statement_cache_capacity(STATEMENTS)
            .disable_statement_logging();
        match self {
            Place::File(path) => options.filename(path),
            Place::Memory(name) => options.filename(name).vfs("memdb"),
        }
    }
}
