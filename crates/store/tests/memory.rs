//! The conformance suite on SQLite in memory.

use async_trait::async_trait;
use std::sync::Arc;
use store::{Store, conformance::Backend, sqlite::SqliteStore};

struct Memory;

#[async_trait]
impl Backend for Memory {
    async fn open(&self) -> Arc<dyn Store> {
        SqliteStore::in_memory().await.expect("a store in memory")
    }

    fn keeps(&self) -> bool {
        false
    }
}

store::suite!(Memory);
