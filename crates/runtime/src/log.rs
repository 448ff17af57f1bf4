//! The store's log as the hub reads it.

use async_trait::async_trait;
use hub::{Log, LogUnavailable, Page};
use protocol::{Epoch, Position, Topic};
use std::sync::Arc;
use store::{LogPage, Store, StoreError};

/// Lets the hub catch up from a store without knowing one.
pub struct StoreLog(Arc<dyn Store>);

impl StoreLog {
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self(store)
    }
}

#[async_trait]
impl Log for StoreLog {
    fn epoch(&self) -> Epoch {
        self.0.epoch().clone()
    }

    async fn head(&self) -> Result<Position, LogUnavailable> {
        self.0.head().await.map_err(unavailable)
    }

    async fn page(&self, topic: &Topic, after: Position, limit: u32) -> Result<Page, LogUnavailable> {
        let page = self.0.log(topic, after, limit).await.map_err(unavailable)?;
        let LogPage { events, through, at_head, complete_after, .. } = page;
        Ok(Page { events, through, at_head, complete_after })
    }
}

fn unavailable(error: StoreError) -> LogUnavailable {
    LogUnavailable(error.to_string())
}
