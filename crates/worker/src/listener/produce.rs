//! Producers in the words of S1.

use super::{Client, ClientError, Published, clock::now};
use protocol::event::{PerformanceMetric, WorkflowExecution, WorkflowStatus};
use serde_json::Value;
use std::{future::Future, time::Duration};
use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};

/// One run of a workflow that somebody else moves, and tells of here.
#[derive(Clone)]
pub struct Workflow {
    client: Client,
    update: WorkflowExecution,
}

impl Client {
    /// Tells that a workflow has started; what it is told of from here on belongs to this run.
    ///
    /// # Errors
    /// As [`Client::publish`].
    pub async fn start_workflow(
        &self,
        workflow_id: impl Into<String>,
        execution_id: impl Into<String>,
        agent_id: Option<String>,
    ) -> Result<Workflow, ClientError> {
        let update = WorkflowExecution {
            workflow_id: workflow_id.into(),
            execution_id: execution_id.into(),
            stage: "started".to_owned(),
            status: WorkflowStatus::Running,
            progress: Some(0.0),
            agent_id,
            result: None,
            error: None,
            timestamp: now(),
        };
        let workflow = Workflow { client: self.clone(), update };
        workflow.tell(|_| {}).await?;
        Ok(workflow)
    }

    /// Measures and publishes every so often, until the answer is dropped or stopped. A measurement that cannot be
    /// published is logged; the next one is tried all the same.
    pub fn stream_metrics<F>(&self, every: Duration, mut measure: impl FnMut() -> F + Send + 'static) -> Streaming
    where
        F: Future<Output = Vec<PerformanceMetric>> + Send,
    {
        let client = self.clone();
        Streaming(tokio::spawn(async move {
            let mut ticks = interval(every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                for metric in measure().await {
                    if let Err(error) = client.publish(metric).await {
                        tracing::warn!(%error, "a metric was not published");
                    }
                }
            }
        }))
    }
}

impl Workflow {
    /// `progress`: 0 to 100.
    ///
    /// # Errors
    /// As [`Client::publish`].
    pub async fn progress(&self, stage: impl Into<String>, progress: f64) -> Result<Published, ClientError> {
        let stage = stage.into();
        self.tell(|update| (update.stage, update.progress) = (stage, Some(progress))).await
    }

    /// # Errors
    /// As [`Client::publish`].
    pub async fn complete(self, result: Value) -> Result<Published, ClientError> {
        self.tell(|update| {
            (update.stage, update.status) = ("completed".to_owned(), WorkflowStatus::Completed);
            (update.progress, update.result) = (Some(100.0), Some(result));
        })
        .await
    }

    /// # Errors
    /// As [`Client::publish`].
    pub async fn fail(self, error: impl Into<String>) -> Result<Published, ClientError> {
        let error = error.into();
        self.tell(|update| {
            (update.stage, update.status) = ("failed".to_owned(), WorkflowStatus::Failed);
            (update.progress, update.error) = (None, Some(error));
        })
        .await
    }

    async fn tell(&self, change: impl FnOnce(&mut WorkflowExecution)) -> Result<Published, ClientError> {
        let mut update = self.update.clone();
        update.timestamp = now();
        change(&mut update);
        self.client.publish(update).await
    }
}

/// Metrics that are streamed until this is dropped.
#[derive(Debug)]
pub struct Streaming(JoinHandle<()>);

impl Streaming {
    pub fn stop(self) {}
}

impl Drop for Streaming {
    fn drop(&mut self) {
        self.0.abort();
    }
}
