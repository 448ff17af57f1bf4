//! The conformance suite on a SQLite file.

use async_trait::async_trait;
use std::sync::Arc;
use store::{Store, conformance::Backend, sqlite::SqliteStore};

struct InFolder(tempfile::TempDir);

impl InFolder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }
}

#[async_trait]
impl Backend for InFolder {
    async fn open(&self) -> Arc<dyn Store> {
        SqliteStore::open(&self.0.path().join("signalbox.db")).await.expect("a store in a file")
    }

    fn keeps(&self) -> bool {
        true
    }
}

store::suite!(InFolder::new());
