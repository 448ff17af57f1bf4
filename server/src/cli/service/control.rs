//! What people tell executions that are under way.

use super::{embedded::Embedded, remote::Remote};
use async_trait::async_trait;
use protocol::{
    ExecutionId, Problem,
    api::{ExecutionDetail, ReasonRequest},
};

/// Whom the history names.
const BY: &str = "cli";

/// What can be told, and needs no more than a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Order {
    Cancel,
    Terminate,
}

#[async_trait]
pub(in crate::cli) trait Control {
    async fn tell(&self, id: ExecutionId, order: Order, reason: Option<String>) -> Result<ExecutionDetail, Problem>;
}

#[async_trait]
impl Control for Embedded {
    async fn tell(&self, id: ExecutionId, order: Order, reason: Option<String>) -> Result<ExecutionDetail, Problem> {
        match order {
            Order::Cancel => self.api.cancel(id, reason, BY).await,
            Order::Terminate => self.api.terminate(id, reason, BY).await,
        }
    }
}

#[async_trait]
impl Control for Remote {
    async fn tell(&self, id: ExecutionId, order: Order, reason: Option<String>) -> Result<ExecutionDetail, Problem> {
        let path = |verb| format!("executions/{id}/{verb}");
        match order {
            Order::Cancel => self.send(&path("cancel"), &ReasonRequest { reason }).await,
            Order::Terminate => self.send(&path("terminate"), &ReasonRequest { reason }).await,
        }
    }
}
