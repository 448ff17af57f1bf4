//! What people tell executions that are under way.

use super::{embedded::Embedded, remote::Remote};
use async_trait::async_trait;
use protocol::{
    ExecutionId, Problem,
    api::{
        ApprovalAnswer, ApprovalPage, ApprovalQuery, BulkAnswer, BulkRequest, ExecutionDetail, ReasonRequest,
        RerunRequest, SignalRequest, Submitted,
    },
};

/// What can be told, and needs no more than a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Order {
    Cancel,
    Terminate,
    Pause,
    Resume,
}

#[async_trait]
pub(in crate::cli) trait Control {
    async fn tell(&self, id: ExecutionId, order: Order, reason: Option<String>) -> Result<ExecutionDetail, Problem>;
    async fn signal(&self, id: ExecutionId, request: SignalRequest) -> Result<ExecutionDetail, Problem>;
    async fn rerun(&self, id: ExecutionId, request: RerunRequest) -> Result<Submitted, Problem>;
    async fn bulk(&self, request: BulkRequest) -> Result<BulkAnswer, Problem>;
    async fn approvals(&self, query: ApprovalQuery) -> Result<ApprovalPage, Problem>;
    async fn approve(&self, id: ExecutionId, step: &str, answer: ApprovalAnswer) -> Result<ExecutionDetail, Problem>;
}

#[async_trait]
impl Control for Embedded {
    async fn tell(&self, id: ExecutionId, order: Order, reason: Option<String>) -> Result<ExecutionDetail, Problem> {
        match order {
            Order::Cancel => self.api.cancel(id, reason).await,
            Order::Terminate => self.api.terminate(id, reason).await,
            Order::Pause => self.api.pause(id, reason).await,
            Order::Resume => self.api.resume(id).await,
        }
    }

    async fn signal(&self, id: ExecutionId, request: SignalRequest) -> Result<ExecutionDetail, Problem> {
        self.api.signal(id, request).await
    }

    async fn rerun(&self, id: ExecutionId, request: RerunRequest) -> Result<Submitted, Problem> {
        self.api.rerun(id, request).await
    }

    async fn bulk(&self, request: BulkRequest) -> Result<BulkAnswer, Problem> {
        self.api.bulk(request).await
    }

    async fn approvals(&self, query: ApprovalQuery) -> Result<ApprovalPage, Problem> {
        self.api.approvals(query).await
    }

    async fn approve(&self, id: ExecutionId, step: &str, answer: ApprovalAnswer) -> Result<ExecutionDetail, Problem> {
        self.api.approve(id, step, answer).await
    }
}

#[async_trait]
impl Control for Remote {
    async fn tell(&self, id: ExecutionId, order: Order, reason: Option<String>) -> Result<ExecutionDetail, Problem> {
        let path = |verb| format!("executions/{id}/{verb}");
        match order {
            Order::Cancel => self.send(&path("cancel"), &ReasonRequest { reason }).await,
            Order::Terminate => self.send(&path("terminate"), &ReasonRequest { reason }).await,
            Order::Pause => self.send(&path("pause"), &ReasonRequest { reason }).await,
            Order::Resume => self.poke(&path("resume")).await,
        }
    }

    async fn signal(&self, id: ExecutionId, request: SignalRequest) -> Result<ExecutionDetail, Problem> {
        self.send(&format!("executions/{id}/signals"), &request).await
    }

    async fn rerun(&self, id: ExecutionId, request: RerunRequest) -> Result<Submitted, Problem> {
        self.send(&format!("executions/{id}/rerun"), &request).await
    }

    async fn bulk(&self, request: BulkRequest) -> Result<BulkAnswer, Problem> {
        self.send("executions/bulk", &request).await
    }

    async fn approvals(&self, query: ApprovalQuery) -> Result<ApprovalPage, Problem> {
        self.find("approvals", &query).await
    }

    async fn approve(&self, id: ExecutionId, step: &str, answer: ApprovalAnswer) -> Result<ExecutionDetail, Problem> {
        self.send(&format!("executions/{id}/approvals/{}", super::segment(step)), &answer).await
    }
}
