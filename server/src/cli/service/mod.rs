//! How a command reaches the use cases: in this process on the data folder, or through a server's REST. One file
//! per group of use cases, with both ways side by side.

mod control;
mod embedded;
mod locate;
mod remote;

pub(super) use control::{Control, Order};
pub(super) use locate::locate;

use async_trait::async_trait;
use protocol::{
    ExecutionId, Position, Problem,
    api::{EventPage, ExecutionDetail, ExecutionPage, ExecutionQuery, Registered, SubmitRequest, Submitted},
};

/// The use cases commands need. Both implementations answer alike, problems included.
#[async_trait]
pub(super) trait Service: Control + Send + Sync {
    async fn register(&self, source: &str) -> Result<Registered, Problem>;
    async fn submit(&self, request: SubmitRequest) -> Result<Submitted, Problem>;
    async fn execution(&self, id: ExecutionId) -> Result<ExecutionDetail, Problem>;
    async fn executions(&self, query: ExecutionQuery) -> Result<ExecutionPage, Problem>;
    async fn events(&self, id: ExecutionId, after: Position) -> Result<EventPage, Problem>;
    /// Resolves when there may be more events; also sometimes when there are none.
    async fn news(&self);
    /// Lets go of everything. In this process: what runs is left as it is, for the next start to take up.
    async fn close(self: Box<Self>);
}
