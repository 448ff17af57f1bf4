//! What tests of other crates need: folders, stores, time and ids that are the same in every run.
//!
//! Absences: nothing here is part of the product, draws randomness or asks a clock.

mod clock;
mod folder;
mod ids;

pub use clock::ManualClock;
pub use folder::DataFolder;
pub use ids::SeededIds;

use std::sync::Arc;
use store::{Store, sqlite::SqliteStore};

/// An empty store in memory.
pub async fn fresh_store() -> Arc<dyn Store> {
    SqliteStore::in_memory().await.expect("SQLite has memory for an empty database")
}
