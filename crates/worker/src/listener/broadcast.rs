//! S1's five messages, by their names. A message made with `new` has no time of its own: it is of now.

use super::{Client, ClientError, Published};
use protocol::event::{AgentState, MemoryTimeline, PerformanceMetric, SystemAlert, WorkflowExecution};

impl Client {
    /// What an agent is doing.
    ///
    /// # Errors
    /// As [`Client::publish`].
    pub async fn broadcast_agent_state(&self, state: AgentState) -> Result<Published, ClientError> {
        self.publish(state).await
    }

    /// A measurement. It is shown and has a chart; it is not kept as an event.
    ///
    /// # Errors
    /// As [`Client::publish`].
    pub async fn broadcast_performance_metric(&self, metric: PerformanceMetric) -> Result<Published, ClientError> {
        self.publish(metric).await
    }

    /// How an execution is getting on that another program moves.
    ///
    /// # Errors
    /// As [`Client::publish`].
    pub async fn broadcast_workflow_execution(&self, update: WorkflowExecution) -> Result<Published, ClientError> {
        self.publish(update).await
    }

    /// Something was remembered, or read, or forgotten.
    ///
    /// # Errors
    /// As [`Client::publish`].
    pub async fn broadcast_memory_timeline(&self, memory: MemoryTimeline) -> Result<Published, ClientError> {
        self.publish(memory).await
    }

    /// Something for people to see to.
    ///
    /// # Errors
    /// As [`Client::publish`].
    pub async fn broadcast_system_alert(&self, alert: SystemAlert) -> Result<Published, ClientError> {
        self.publish(alert).await
    }
}
