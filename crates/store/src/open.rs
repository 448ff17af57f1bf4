//! From a URL to a store.

use crate::{Store, StoreError, sqlite::SqliteStore};
use std::{path::Path, sync::Arc};

/// Opens the store a URL names: `sqlite:PATH` (the database file, created if missing) or `sqlite::memory:`.
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
        Some(("postgres" | "postgresql", _)) => {
            Err(unusable("PostgreSQL is not supported by this version yet; use sqlite:PATH as the store".to_owned()))
        }
        _ => Err(unusable(format!("`{url}` is not a store: expected sqlite:PATH"))),
    }
}
