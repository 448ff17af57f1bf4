//! The use cases in this process, on a data folder nobody else uses.

use super::Service;
use crate::Wiring;
use async_trait::async_trait;
use protocol::{
    ExecutionId, Identity, Position, Problem,
    api::{
        DiffQuery, EventPage, EventQuery, ExecutionDetail, ExecutionPage, ExecutionQuery, PlaybookDiff, Registered,
        SubmitRequest, Submitted, WorkerList,
    },
};
use runtime::Api;
use std::{sync::Arc, time::Duration};
use tokio::sync::{Mutex, watch};

/// Events asked for at once.
const PAGE: u32 = 500;
/// Looked at again after this long even when nothing was said to be new.
const BACKSTOP: Duration = Duration::from_millis(500);

pub(super) struct Embedded {
    pub(super) api: Api,
    published: Mutex<watch::Receiver<Position>>,
    wiring: Wiring,
}

impl Embedded {
    pub(super) fn new(wiring: Wiring) -> Self {
        let api = wiring.api().acting_as(Arc::new(Identity::local_at("cli")));
        Self { published: Mutex::new(api.published()), api, wiring }
    }
}

#[async_trait]
impl Service for Embedded {
    async fn register(&self, source: &str) -> Result<Registered, Problem> {
        self.api.register_playbook(source).await
    }

    async fn playbook_diff(&self, path: &str, query: DiffQuery) -> Result<PlaybookDiff, Problem> {
        self.api.playbook_diff(path, query).await
    }

    async fn submit(&self, request: SubmitRequest) -> Result<Submitted, Problem> {
        self.api.submit(request).await
    }

    async fn execution(&self, id: ExecutionId) -> Result<ExecutionDetail, Problem> {
        self.api.execution(id).await
    }

    async fn executions(&self, query: ExecutionQuery) -> Result<ExecutionPage, Problem> {
        self.api.executions(query).await
    }

    async fn events(&self, id: ExecutionId, after: Position) -> Result<EventPage, Problem> {
        self.api.execution_events(id, after, PAGE).await
    }

    async fn log(&self, query: EventQuery) -> Result<EventPage, Problem> {
        self.api.events(query).await
    }

    async fn workers(&self) -> Result<WorkerList, Problem> {
        self.api.workers().await
    }

    async fn news(&self) {
        let mut published = self.published.lock().await;
        if let Ok(Err(_closed)) = tokio::time::timeout(BACKSTOP, published.changed()).await {
            tokio::time::sleep(BACKSTOP).await;
        }
    }

    async fn close(self: Box<Self>) {
        self.wiring.close().await;
    }
}
