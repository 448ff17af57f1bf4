//! Topics (S1's rooms): named filters over the log. The only file that builds or parses a topic's name.

use crate::{Envelope, Event, ExecutionId};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// What a client can subscribe to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    AgentStates,
    PerformanceMetrics,
    WorkflowExecutions,
    MemoryTimeline,
    SystemAlerts,
    Components,
    /// Every durable event.
    Events,
    Agent(String),
    /// By playbook path.
    Workflow(String),
    Execution(ExecutionId),
    Thread(String),
    Session(String),
}

/// The text names no topic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a topic: expected agent_states, performance_metrics, workflow_executions, memory_timeline, \
     system_alerts, components, events, or agent:ID, workflow:PATH, execution:UUID, thread:ID, session:ID, where `*` \
     stands for none: agent_states has all agents, workflow_executions all workflows"
)]
pub struct NotATopic(pub String);

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Topic::AgentStates => f.write_str("agent_states"),
            Topic::PerformanceMetrics => f.write_str("performance_metrics"),
            Topic::WorkflowExecutions => f.write_str("workflow_executions"),
            Topic::MemoryTimeline => f.write_str("memory_timeline"),
            Topic::SystemAlerts => f.write_str("system_alerts"),
            Topic::Components => f.write_str("components"),
            Topic::Events => f.write_str("events"),
            Topic::Agent(id) => write!(f, "agent:{id}"),
            Topic::Workflow(path) => write!(f, "workflow:{path}"),
            Topic::Execution(id) => write!(f, "execution:{id}"),
            Topic::Thread(id) => write!(f, "thread:{id}"),
            Topic::Session(id) => write!(f, "session:{id}"),
        }
    }
}

impl FromStr for Topic {
    type Err = NotATopic;

    /// What somebody asks for. `*` is nobody's id: there are no wildcards, and who means one would wait for ever.
    fn from_str(text: &str) -> Result<Self, NotATopic> {
        match Topic::named(text)? {
            Topic::Agent(id) | Topic::Workflow(id) | Topic::Thread(id) | Topic::Session(id) if id == "*" => {
                Err(NotATopic(text.to_owned()))
            }
            topic => Ok(topic),
        }
    }
}

impl Topic {
    fn named(text: &str) -> Result<Self, NotATopic> {
        let bad = || NotATopic(text.chars().take(200).collect());
        Ok(match text {
            "agent_states" => Topic::AgentStates,
            "performance_metrics" => Topic::PerformanceMetrics,
            "workflow_executions" => Topic::WorkflowExecutions,
            "memory_timeline" => Topic::MemoryTimeline,
            "system_alerts" => Topic::SystemAlerts,
            "components" => Topic::Components,
            "events" => Topic::Events,
            _ => {
                let (kind, id) = text.split_once(':').ok_or_else(bad)?;
                if id.is_empty() || id.len() > 512 || id.chars().any(char::is_control) {
                    return Err(bad());
                }
                match kind {
                    "agent" => Topic::Agent(id.to_owned()),
                    "workflow" => Topic::Workflow(id.to_owned()),
                    "execution" => Topic::Execution(id.parse().map_err(|_| bad())?),
                    "thread" => Topic::Thread(id.to_owned()),
                    "session" => Topic::Session(id.to_owned()),
                    _ => return Err(bad()),
                }
            }
        })
    }
}

impl Serialize for Topic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Topic {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        // As an event names it.
        Topic::named(&text).map_err(serde::de::Error::custom)
    }
}

impl Topic {
    /// All topics an event is seen under. A topic shows each position at most once: execution events under
    /// their execution, their S1 projection under the workflow topics. `store::history` is the counterpart for
    /// replay; a case of the store's conformance suite holds the two together.
    pub fn of(envelope: &Envelope) -> Vec<Topic> {
        let durable = envelope.position.is_some();
        match &envelope.event {
            Event::WorkflowExecution(e) => {
                let mut topics = vec![Topic::WorkflowExecutions, Topic::Workflow(e.workflow_id.clone())];
                topics.extend(e.agent_id.clone().map(Topic::Agent));
                with_all(durable && !envelope.id.is_projected(), topics)
            }
            Event::AgentState(e) => with_all(durable, vec![Topic::AgentStates, Topic::Agent(e.agent_id.clone())]),
            Event::PerformanceMetric(e) => {
                let mut topics = vec![Topic::PerformanceMetrics];
                topics.extend(e.agent_id.clone().map(Topic::Agent));
                with_all(durable, topics)
            }
            Event::MemoryTimeline(e) => {
                let mut topics = vec![Topic::MemoryTimeline];
                topics.extend(e.agent_id.clone().map(Topic::Agent));
                with_all(durable, topics)
            }
            Event::SystemAlert(_) => with_all(durable, vec![Topic::SystemAlerts]),
            Event::TaskProgress(e) => vec![Topic::Execution(e.key.execution_id)],
            event => match event.execution_id() {
                Some(id) => with_all(durable, vec![Topic::Execution(id)]),
                None => with_all(durable, Vec::new()),
            },
        }
    }

    /// Replays of this topic yield projections of execution events, not the events themselves.
    pub fn is_projected(&self) -> bool {
        matches!(self, Topic::WorkflowExecutions | Topic::Workflow(_))
    }
}

fn with_all(durable: bool, mut topics: Vec<Topic>) -> Vec<Topic> {
    if durable {
        topics.push(Topic::Events);
    }
    topics
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_survives_its_own_name() {
        for name in [
            "agent_states",
            "performance_metrics",
            "workflow_executions",
            "memory_timeline",
            "system_alerts",
            "components",
            "events",
            "agent:a-1",
            "workflow:tests/fixtures/hello:world",
            "thread:45",
            "session:s",
            "execution:01998c4e-9c1b-7d2e-8a10-0123456789ab",
        ] {
            assert_eq!(name.parse::<Topic>().map(|topic| topic.to_string()), Ok(name.to_owned()));
        }
    }

    #[test]
    fn what_is_no_topic_is_named() {
        let wildcards = ["agent:*", "workflow:*", "execution:*", "thread:*", "session:*"];
        for name in ["", "agents", "agent:", "execution:7", "x:1", "agent:\u{7}"].into_iter().chain(wildcards) {
            assert_eq!(name.parse::<Topic>(), Err(NotATopic(name.to_owned())));
        }
        assert!("workflow:a/*".parse::<Topic>().is_ok(), "a name like another");
        let named: Topic = serde_json::from_str(r#""agent:*""#).unwrap();
        assert_eq!(named, Topic::Agent("*".to_owned()), "in an old event of one who is called so");
    }
}
