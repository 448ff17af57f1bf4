//! What other programs tell: their agents, their memories, and alerts.

use crate::{
    Envelope, Event, EventId, Position,
    api::AgentList,
    event::{AgentState, MemoryTimeline, SystemAlert},
};
use serde::{Deserialize, Serialize};

/// Agents on a page.
const AGENTS: usize = 1_000;

/// The agents, each as it said last, by name: no row moves while one reads.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AgentsView {
    pub agents: Vec<AgentState>,
    pub position: Position,
}

impl AgentsView {
    pub fn new(list: AgentList) -> Self {
        let mut agents = list.agents;
        agents.truncate(AGENTS);
        agents.sort_by(|a, b| a.agent_id.cmp(&b.agent_id));
        Self { agents, position: list.position }
    }

    /// Takes in what an agent says: a change, which has a position, or a measurement, which has none. The log's order
    /// is that of changes, whatever the clocks of those who tell of them say; a measurement has its time only.
    pub fn apply(&mut self, envelope: &Envelope) {
        let Event::AgentState(state) = &envelope.event else { return };
        if let Some(position) = envelope.position {
            if position <= self.position {
                return;
            }
            self.position = position;
        }
        match self.agents.binary_search_by(|known| known.agent_id.cmp(&state.agent_id)) {
            Ok(at) if envelope.position.is_some() || self.agents[at].timestamp <= state.timestamp => {
                self.agents[at] = state.clone();
            }
            Ok(_) => {}
            Err(at) if self.agents.len() < AGENTS => self.agents.insert(at, state.clone()),
            Err(_) => {}
        }
    }
}

/// An alert, with its place in the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlertRow {
    pub id: EventId,
    pub position: Option<Position>,
    pub alert: SystemAlert,
}

impl AlertRow {
    /// `None` for an event of another kind.
    pub fn of(envelope: &Envelope) -> Option<Self> {
        match &envelope.event {
            Event::SystemAlert(alert) => {
                Some(Self { id: envelope.id, position: envelope.position, alert: alert.clone() })
            }
            _ => None,
        }
    }
}

/// What happened to a memory, with its place in the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemoryRow {
    pub id: EventId,
    pub position: Option<Position>,
    pub memory: MemoryTimeline,
}

impl MemoryRow {
    /// `None` for an event of another kind.
    pub fn of(envelope: &Envelope) -> Option<Self> {
        match &envelope.event {
            Event::MemoryTimeline(memory) => {
                Some(Self { id: envelope.id, position: envelope.position, memory: memory.clone() })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(position: Option<u64>, id: &str, status: &str, timestamp: i64) -> Envelope {
        serde_json::from_value(json!({
            "id": "01998c4e-9c1b-7d2e-8a10-0123456789ab", "position": position, "time": timestamp,
            "type": "agent_state", "correlation_id": null, "causation_id": null, "traceparent": null,
            "data": {"agentId": id, "status": status, "timestamp": timestamp,
                "resourceUsage": {"cpu": 1.0, "memory": 2.0, "activeConnections": 3}},
        }))
        .expect("an envelope")
    }

    #[test]
    fn each_agent_is_as_it_said_last() {
        let mut view = AgentsView::default();
        for event in [
            said(Some(4), "b", "idle", 10),
            said(Some(5), "a", "busy", 11),
            said(None, "a", "error", 12),
            said(None, "a", "idle", 9),
            said(Some(3), "b", "offline", 20),
            said(Some(6), "b", "active", 21),
            // Told by a program whose clock is behind.
            said(Some(7), "c", "busy", 30),
            said(Some(8), "c", "offline", 19),
            said(None, "c", "idle", 18),
        ] {
            view.apply(&event);
        }
        let told: Vec<String> =
            view.agents.iter().map(|agent| format!("{} {:?}", agent.agent_id, agent.status)).collect();
        assert_eq!(told, ["a Error", "b Active", "c Offline"]);
        assert_eq!(view.position, Position(8));
    }
}
