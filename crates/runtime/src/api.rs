//! Every use case. REST, server functions, the WebSocket and the CLI call these and nothing else.

use protocol::{
    ExecutionId, Position, Problem, Topic,
    api::*,
    view::{DashboardView, ExecutionRows, ExecutionView},
};
use serde_json::Value;

/// Cheap to clone.
#[derive(Clone)]
pub struct Api {}

#[allow(unused_variables, clippy::unused_async)]
impl Api {
    /// Changes each time more of the log has been published: what a follower in this process waits on.
    pub fn published(&self) -> tokio::sync::watch::Receiver<Position> {
        tokio::sync::watch::channel(Position(0)).1
    }
    pub async fn register_playbook(&self, source: &str) -> Result<Registered, Problem> {
        nope()
    }
    pub async fn validate_playbook(&self, source: &str) -> Result<Validation, Problem> {
        nope()
    }
    /// By path; `q` narrows to those whose path, name or description contains it.
    pub async fn playbooks(&self, q: Option<&str>) -> Result<Vec<PlaybookSummary>, Problem> {
        nope()
    }
    pub async fn playbook(&self, path: &str, version: Option<u32>) -> Result<PlaybookDetail, Problem> {
        nope()
    }
    pub async fn playbook_versions(&self, path: &str) -> Result<Vec<PlaybookVersion>, Problem> {
        nope()
    }
    pub async fn submit(&self, request: SubmitRequest) -> Result<Submitted, Problem> {
        nope()
    }
    pub async fn executions(&self, query: ExecutionQuery) -> Result<ExecutionPage, Problem> {
        nope()
    }
    /// The same page as a view for the screen, with the cursor of the next page.
    pub async fn execution_rows(&self, query: ExecutionQuery) -> Result<(ExecutionRows, Option<String>), Problem> {
        nope()
    }
    pub async fn execution(&self, id: ExecutionId) -> Result<ExecutionDetail, Problem> {
        nope()
    }
    pub async fn execution_view(&self, id: ExecutionId) -> Result<ExecutionView, Problem> {
        nope()
    }
    /// The graph of the playbook version this execution runs.
    pub async fn execution_graph(&self, id: ExecutionId) -> Result<protocol::graph::Graph, Problem> {
        nope()
    }
    pub async fn execution_events(&self, id: ExecutionId, after: Position, limit: u32) -> Result<EventPage, Problem> {
        nope()
    }
    pub async fn topic_events(&self, topic: Topic, after: Position, limit: u32) -> Result<EventPage, Problem> {
        nope()
    }
    pub async fn cancel(&self, id: ExecutionId, reason: Option<String>, by: &str) -> Result<ExecutionDetail, Problem> {
        nope()
    }
    pub async fn dashboard(&self) -> Result<DashboardView, Problem> {
        nope()
    }
    pub async fn health(&self) -> Result<Health, Problem> {
        nope()
    }
    pub async fn command(&self, method: &str, params: Value) -> Result<Value, Problem> {
        nope()
    }
}

fn nope<T>() -> Result<T, Problem> {
    Err(Problem::internal("not written yet"))
}
