//! Runs of workflows that somebody else moves, in the words of S1.

use super::{Client, ClientError, Published};
use protocol::event::{WorkflowExecution, WorkflowStatus};
use serde_json::Value;

/// One run of a workflow that somebody else moves, and tells of here. Nothing of it is kept in the program: one that was
/// started again tells of the same run with [`Client::update_workflow_progress`] and its like.
#[derive(Clone)]
pub struct Workflow {
    client: Client,
    workflow_id: String,
    execution_id: String,
    agent_id: Option<String>,
}

impl Client {
    /// Tells that a workflow has started; what the answer is told from here on belongs to this run.
    ///
    /// # Errors
    /// As [`Client::publish`].
    pub async fn start_workflow(
        &self,
        workflow_id: impl Into<String>,
        execution_id: impl Into<String>,
        agent_id: Option<String>,
    ) -> Result<Workflow, ClientError> {
        let workflow = self.run_of(workflow_id, execution_id, agent_id);
        workflow.progress("started", 0.0).await?;
        Ok(workflow)
    }

    /// Tells how far a run is, whoever started it. `progress`: 0 to 100.
    ///
    /// # Errors
    /// As [`Client::publish`].
    pub async fn update_workflow_progress(
        &self,
        workflow_id: impl Into<String>,
        execution_id: impl Into<String>,
        stage: impl Into<String>,
        progress: f64,
        agent_id: Option<String>,
    ) -> Result<Published, ClientError> {
        self.run_of(workflow_id, execution_id, agent_id).progress(stage, progress).await
    }

    /// Tells that a run has ended, with a result or without (`None`).
    ///
    /// # Errors
    /// As [`Client::publish`].
    pub async fn complete_workflow(
        &self,
        workflow_id: impl Into<String>,
        execution_id: impl Into<String>,
        result: impl Into<Option<Value>>,
        agent_id: Option<String>,
    ) -> Result<Published, ClientError> {
        self.run_of(workflow_id, execution_id, agent_id).complete(result).await
    }

    /// Tells that a run has failed.
    ///
    /// # Errors
    /// As [`Client::publish`].
    pub async fn fail_workflow(
        &self,
        workflow_id: impl Into<String>,
        execution_id: impl Into<String>,
        error: impl Into<String>,
        agent_id: Option<String>,
    ) -> Result<Published, ClientError> {
        self.run_of(workflow_id, execution_id, agent_id).fail(error).await
    }

    fn run_of(
        &self,
        workflow_id: impl Into<String>,
        execution_id: impl Into<String>,
        agent_id: Option<String>,
    ) -> Workflow {
        let (workflow_id, execution_id) = (workflow_id.into(), execution_id.into());
        Workflow { client: self.clone(), workflow_id, execution_id, agent_id }
    }
}

impl Workflow {
    /// `progress`: 0 to 100.
    ///
    /// # Errors
    /// As [`Client::publish`].
    pub async fn progress(&self, stage: impl Into<String>, progress: f64) -> Result<Published, ClientError> {
        let update = self.update(stage, WorkflowStatus::Running);
        self.client.publish(WorkflowExecution { progress: Some(progress), ..update }).await
    }

    /// With a result, or without (`None`).
    ///
    /// # Errors
    /// As [`Client::publish`].
    pub async fn complete(self, result: impl Into<Option<Value>>) -> Result<Published, ClientError> {
        let update = self.update("completed", WorkflowStatus::Completed);
        let update = WorkflowExecution { progress: Some(100.0), result: result.into(), ..update };
        self.client.publish(update).await
    }

    /// # Errors
    /// As [`Client::publish`].
    pub async fn fail(self, error: impl Into<String>) -> Result<Published, ClientError> {
        let update = self.update("failed", WorkflowStatus::Failed);
        self.client.publish(WorkflowExecution { error: Some(error.into()), ..update }).await
    }

    fn update(&self, stage: impl Into<String>, status: WorkflowStatus) -> WorkflowExecution {
        let update = WorkflowExecution::new(&self.workflow_id, &self.execution_id, stage, status);
        WorkflowExecution { agent_id: self.agent_id.clone(), ..update }
    }
}
