//! The five messages as programs make them: without what may be left out, and of the time when they are published.

use super::{
    AgentState, AgentStatus, Event, MemoryAction, MemoryTimeline, MetricCategory, PerformanceMetric, ResourceUsage,
    Severity, SystemAlert, WorkflowExecution, WorkflowStatus,
};
use crate::Timestamp;

/// The time of a message that has none yet. 1970 is not told of.
const UNSTAMPED: Timestamp = Timestamp(0);

impl AgentState {
    /// Its time is given when it is published ([`Event::stamp`]).
    pub fn new(agent_id: impl Into<String>, status: AgentStatus, resource_usage: ResourceUsage) -> Self {
        let agent_id = agent_id.into();
        Self { agent_id, status, current_task: None, resource_usage, metadata: None, timestamp: UNSTAMPED }
    }
}

impl PerformanceMetric {
    /// As [`AgentState::new`].
    pub fn new(metric_name: impl Into<String>, value: f64, unit: impl Into<String>, category: MetricCategory) -> Self {
        let (metric_name, unit) = (metric_name.into(), unit.into());
        Self { metric_name, value, unit, category, agent_id: None, timestamp: UNSTAMPED, metadata: None }
    }
}

impl WorkflowExecution {
    /// As [`AgentState::new`].
    pub fn new(
        workflow_id: impl Into<String>,
        execution_id: impl Into<String>,
        stage: impl Into<String>,
        status: WorkflowStatus,
    ) -> Self {
        Self {
            workflow_id: workflow_id.into(),
            execution_id: execution_id.into(),
            stage: stage.into(),
            status,
            progress: None,
            agent_id: None,
            result: None,
            error: None,
            timestamp: UNSTAMPED,
        }
    }
}

impl MemoryTimeline {
    /// As [`AgentState::new`].
    pub fn new(memory_id: impl Into<String>, action: MemoryAction, importance: f64, tags: Vec<String>) -> Self {
        let memory_id = memory_id.into();
        Self { memory_id, action, content: None, importance, tags, agent_id: None, timestamp: UNSTAMPED }
    }
}

impl SystemAlert {
    /// As [`AgentState::new`].
    pub fn new(severity: Severity, component: impl Into<String>, message: impl Into<String>) -> Self {
        let (component, message) = (component.into(), message.into());
        Self { severity, component, message, details: None, timestamp: UNSTAMPED }
    }
}

impl Event {
    /// One of the five messages that has no time yet is of `now`; nothing else changes.
    pub fn stamp(&mut self, now: Timestamp) {
        let timestamp = match self {
            Event::AgentState(message) => &mut message.timestamp,
            Event::PerformanceMetric(message) => &mut message.timestamp,
            Event::WorkflowExecution(message) => &mut message.timestamp,
            Event::MemoryTimeline(message) => &mut message.timestamp,
            Event::SystemAlert(message) => &mut message.timestamp,
            _ => return,
        };
        if *timestamp == UNSTAMPED {
            *timestamp = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_message_gets_a_time_unless_it_has_one() {
        let usage = ResourceUsage { cpu: 1.0, memory: 2.0, active_connections: 3 };
        let messages: [(Event, _); 5] = [
            (
                AgentState::new("a", AgentStatus::Idle, usage).into(),
                json!({"agentId": "a", "status": "idle",
                    "resourceUsage": {"cpu": 1.0, "memory": 2.0, "activeConnections": 3}}),
            ),
            (
                PerformanceMetric::new("m", 1.5, "ms", MetricCategory::Agent).into(),
                json!({"metricName": "m", "value": 1.5, "unit": "ms", "category": "agent"}),
            ),
            (
                WorkflowExecution::new("w", "e", "s", WorkflowStatus::Pending).into(),
                json!({"workflowId": "w", "executionId": "e", "stage": "s", "status": "pending"}),
            ),
            (
                MemoryTimeline::new("m", MemoryAction::Accessed, 0.5, vec!["t".to_owned()]).into(),
                json!({"memoryId": "m", "action": "accessed", "importance": 0.5, "tags": ["t"]}),
            ),
            (
                SystemAlert::new(Severity::Critical, "disk", "full").into(),
                json!({"severity": "critical", "component": "disk", "message": "full"}),
            ),
        ];
        for (mut message, mut expected) in messages {
            message.stamp(Timestamp(5));
            expected["timestamp"] = json!(5);
            assert_eq!(serde_json::to_value(message.data()).expect("JSON"), expected);
            message.stamp(Timestamp(6));
            assert_eq!(serde_json::to_value(message.data()).expect("JSON"), expected, "it has a time");
        }
        let other = Event::Other { name: "other".to_owned(), data: json!({"timestamp": 0}) };
        let mut stamped = other.clone();
        stamped.stamp(Timestamp(5));
        assert_eq!(stamped, other);
    }
}
