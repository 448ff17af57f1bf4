//! Opening databases, and keeping a few open: closing the last connection of a file costs several flushes.

use crate::sqlite::session::cause;
use protocol::TaskError;
use sqlx::{
    ConnectOptions, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use std::{
    collections::VecDeque,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Connections kept open when nobody uses them. Each is a thread and some cache; the one unused for longest is
/// closed when there would be more.
const IDLE: usize = 4;

/// How long a statement waits for another writer of the same file.
const BUSY: Duration = Duration::from_secs(30);

/// An open database file.
pub(super) struct Open {
    pub(super) connection: SqliteConnection,
    path: PathBuf,
    file: (u64, u64),
}

#[derive(Default)]
pub(super) struct Connections {
    idle: Mutex<VecDeque<Open>>,
}

impl Connections {
    /// A connection to the file at `path`, which `name` is to the playbook; the file is made if there is none.
    ///
    /// # Errors
    /// `sqlite_open`.
    pub(super) async fn take(&self, path: &Path, name: &str) -> Result<Open, TaskError> {
        if let Some(open) = self.kept(path) {
            return Ok(open);
        }
        let failed = |why: String| TaskError::new("sqlite_open", format!("sqlite: `{name}` cannot be opened: {why}"));
        let connection = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            // Views and triggers in the file cannot call functions with side effects.
            .pragma("trusted_schema", "OFF")
            .disable_statement_logging()
            .connect()
            .await
            .map_err(|error| failed(cause(&error)))?;
        let file = identity(path).map_err(|error| failed(error.to_string()))?;
        Ok(Open { connection, path: path.to_owned(), file })
    }

    /// Keeps a connection on which no transaction is open.
    pub(super) fn put(&self, open: Open) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push_back(open);
        while idle.len() > IDLE {
            idle.pop_front();
        }
    }

    /// Not when the file was replaced or removed meanwhile.
    fn kept(&self, path: &Path) -> Option<Open> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let at = idle.iter().rposition(|open| open.path == path)?;
        idle.remove(at).filter(|open| identity(path).is_ok_and(|file| file == open.file))
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::metadata(path).map(|meta| (meta.dev(), meta.ino()))
}
