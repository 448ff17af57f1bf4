//! From a URL to a store.

use crate::{Store, StoreError, postgres::PostgresStore, sqlite::SqliteStore};
use std::{path::Path, sync::Arc};

/// Opens the store a URL names: `sqlite:PATH` (the database file, created if missing), `sqlite::memory:`, or
/// `postgres://user:password@host:port/database` (which must exist; waited for while it does not answer).
///
/// # Errors
/// [`StoreError::Backend`] for another kind of URL, or when the database cannot be opened.
pub async fn open(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    let unusable = |message: String| StoreError::Backend { message, temporary: false };
    match url.split_once(':') {
        Some(("sqlite", ":memory:")) => Ok(SqliteStore::in_memory().await?),
        Some(("sqlite", path)) => {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err(unusable(format!("`{url}` names no file: expected sqlite:PATH")));
            }
            Ok(SqliteStore::open(Path::new(path)).await?)
        }
        Some(("postgres" | "postgresql", _)) => Ok(PostgresStore::connect(url).await?),
        // Not repeated: it may hold a password.
        _ => Err(unusable("not the URL of a store: expected sqlite:PATH or postgres://…".to_owned())),
    }
}
