//! How the real-time part is, and whether a message gets through.

use crate::Api;
use protocol::{
    Action, Problem, Timestamp, Topic, TopicKind,
    api::{BroadcastTest, RoomStatus, WebsocketStatus},
    event::{
        AgentState, AgentStatus, MemoryAction, MemoryTimeline, MetricCategory, PerformanceMetric, ResourceUsage,
        Severity, SystemAlert, WorkflowExecution, WorkflowStatus,
    },
};
use serde_json::{Map, json};

/// What tests call their agent, workflow, memory and component.
const NAME: &str = "broadcast-test";

impl Api {
    /// Who is connected to this server, to which rooms, what waits and what was lost.
    pub async fn websocket_status(&self) -> WebsocketStatus {
        let hub = &self.shared().hub;
        let status = if hub.is_draining() { "draining" } else { "ok" };
        WebsocketStatus { status: status.to_owned(), ..hub.status().await }
    }

    /// Sends one message of each kind to its rooms. Nothing of it is kept.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn broadcast_test(&self) -> Result<BroadcastTest, Problem> {
        self.require(Action::Publish)?;
        let messages = messages(self.shared().environment.now());
        let sent = messages.len() as u32;
        for message in messages {
            self.show(message);
        }
        let agent = Topic::Agent(NAME.to_owned());
        let workflow = Topic::Workflow(NAME.to_owned());
        let is_told = |room: &RoomStatus| match &room.room {
            Topic::Agent(_) => room.room == agent,
            Topic::Workflow(_) => room.room == workflow,
            Topic::All(kind) => matches!(kind, TopicKind::Agent | TopicKind::Workflow),
            Topic::Events | Topic::Components | Topic::Execution(_) | Topic::Thread(_) | Topic::Session(_) => false,
            _ => true,
        };
        let rooms = self.shared().hub.status().await.rooms.into_iter().filter(is_told).collect();
        Ok(BroadcastTest { sent, rooms })
    }
}

fn messages(timestamp: Timestamp) -> Vec<protocol::Event> {
    let details = Map::from_iter([("test".to_owned(), json!(true))]);
    let name = || NAME.to_owned();
    vec![
        AgentState {
            agent_id: name(),
            status: AgentStatus::Active,
            current_task: Some("testing the broadcast".to_owned()),
            resource_usage: ResourceUsage { cpu: 0.0, memory: 0.0, active_connections: 0 },
            metadata: Some(details.clone()),
            timestamp,
        }
        .into(),
        PerformanceMetric {
            metric_name: name(),
            value: 1.0,
            unit: "count".to_owned(),
            category: MetricCategory::System,
            agent_id: Some(name()),
            timestamp,
            metadata: Some(details.clone()),
        }
        .into(),
        WorkflowExecution {
            workflow_id: name(),
            execution_id: name(),
            stage: "test".to_owned(),
            status: WorkflowStatus::Running,
            progress: Some(50.0),
            agent_id: Some(name()),
            result: None,
            error: None,
            timestamp,
        }
        .into(),
        MemoryTimeline {
            memory_id: name(),
            action: MemoryAction::Accessed,
            content: None,
            importance: 0.0,
            tags: vec!["test".to_owned()],
            agent_id: Some(name()),
            timestamp,
        }
        .into(),
        SystemAlert {
            severity: Severity::Info,
            component: name(),
            message: "this is a test of the broadcast: nothing is the matter".to_owned(),
            details: Some(details),
            timestamp,
        }
        .into(),
    ]
}
