//! A data folder of its own for each test.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use store::{Store, sqlite::SqliteStore};
use tempfile::TempDir;

/// A temporary folder, removed when dropped.
#[derive(Debug)]
pub struct DataFolder(TempDir);

impl Default for DataFolder {
    fn default() -> Self {
        Self::new()
    }
}

impl DataFolder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("the machine has a temporary folder"))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The database file in it, whether it exists or not.
    pub fn database(&self) -> PathBuf {
        self.path().join("signalbox.db")
    }

    /// Opens the store in it; what an earlier store left is there.
    pub async fn open_store(&self) -> Arc<dyn Store> {
        SqliteStore::open(&self.database()).await.expect("a temporary folder can be written")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Position;

    #[tokio::test]
    async fn a_store_is_found_again_and_the_folder_goes_in_the_end() {
        let folder = DataFolder::new();
        let store = folder.open_store().await;
        let epoch = store.epoch().clone();
        store.close().await;
        let store = folder.open_store().await;
        assert_eq!((store.epoch(), store.head().await.expect("the head")), (&epoch, Position(0)));
        assert_ne!(crate::fresh_store().await.epoch(), &epoch);
        store.close().await;
        let path = folder.path().to_owned();
        drop(folder);
        assert!(!path.exists());
    }
}
