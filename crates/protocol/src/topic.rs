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
    /// `kind:*`: everything that any topic of the kind has, each event once. Events name it beside the one topic, so a
    /// client routes by names alone.
    All(TopicKind),
}

/// A kind of topic that can be had as a whole. Sessions cannot: each is its owner's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TopicKind {
    Agent,
    Workflow,
    Execution,
    Thread,
}

/// The text names no topic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotATopic {
    #[error(
        "`{0}` is not a topic: expected agent_states, performance_metrics, workflow_executions, memory_timeline, \
         system_alerts, components, events, or agent:ID, workflow:PATH, execution:UUID, thread:ID, session:ID, or all \
         of a kind: agent:*, workflow:*, execution:*, thread:*"
    )]
    Unknown(String),
    #[error("`session:*` is not a topic: a session is its owner's, and all of them are nobody's")]
    AllSessions,
}

/// What stands for all of a kind. Nobody is called so: who publishes is refused it as a name.
const ALL: &str = "*";

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
            Topic::All(TopicKind::Agent) => f.write_str("agent:*"),
            Topic::All(TopicKind::Workflow) => f.write_str("workflow:*"),
            Topic::All(TopicKind::Execution) => f.write_str("execution:*"),
            Topic::All(TopicKind::Thread) => f.write_str("thread:*"),
        }
    }
}

impl FromStr for Topic {
    type Err = NotATopic;

    fn from_str(text: &str) -> Result<Self, NotATopic> {
        let bad = || NotATopic::Unknown(text.chars().take(200).collect());
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
                    "agent" if id == ALL => Topic::All(TopicKind::Agent),
                    "workflow" if id == ALL => Topic::All(TopicKind::Workflow),
                    "execution" if id == ALL => Topic::All(TopicKind::Execution),
                    "thread" if id == ALL => Topic::All(TopicKind::Thread),
                    "session" if id == ALL => return Err(NotATopic::AllSessions),
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
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Topic {
    /// All topics an event is seen under. A topic shows each position at most once: execution events under
    /// their execution, their S1 projection under the workflow topics. `store::history` is the counterpart for
    /// replay; a case of the store's conformance suite holds the two together.
    pub fn of(envelope: &Envelope) -> Vec<Topic> {
        let mut topics = Vec::with_capacity(MOST);
        match &envelope.event {
            Event::WorkflowExecution(e) => {
                topics.push(Topic::WorkflowExecutions);
                name(&mut topics, TopicKind::Workflow, Topic::Workflow, &e.workflow_id);
                name_agent(&mut topics, e.agent_id.as_deref());
            }
            Event::AgentState(e) => {
                topics.push(Topic::AgentStates);
                name_agent(&mut topics, Some(&e.agent_id));
            }
            Event::PerformanceMetric(e) => {
                topics.push(Topic::PerformanceMetrics);
                name_agent(&mut topics, e.agent_id.as_deref());
            }
            Event::MemoryTimeline(e) => {
                topics.push(Topic::MemoryTimeline);
                name_agent(&mut topics, e.agent_id.as_deref());
            }
            Event::SystemAlert(_) => topics.push(Topic::SystemAlerts),
            Event::TaskProgress(e) => name_execution(&mut topics, e.key.execution_id),
            event => {
                if let Some(id) = event.execution_id() {
                    name_execution(&mut topics, id);
                }
            }
        }
        if envelope.position.is_some() && !is_projected(envelope) {
            topics.push(Topic::Events);
        }
        topics
    }

    /// Its history has no index of its own: the log is searched for it, some thousand positions at a time.
    pub fn is_searched_for(&self) -> bool {
        matches!(
            self,
            Topic::WorkflowExecutions
                | Topic::Workflow(_)
                | Topic::All(TopicKind::Agent | TopicKind::Workflow | TopicKind::Execution)
        )
    }
}

/// Topics of one event at most.
const MOST: usize = 6;

fn is_projected(envelope: &Envelope) -> bool {
    matches!(envelope.event, Event::WorkflowExecution(_)) && envelope.id.is_projected()
}

fn name_agent(topics: &mut Vec<Topic>, id: Option<&str>) {
    if let Some(id) = id {
        name(topics, TopicKind::Agent, Topic::Agent, id);
    }
}

fn name_execution(topics: &mut Vec<Topic>, id: ExecutionId) {
    topics.extend([Topic::Execution(id), Topic::All(TopicKind::Execution)]);
}

/// The topic of one and that of all. An old log may tell of one who is called as all are.
fn name(topics: &mut Vec<Topic>, kind: TopicKind, one: impl FnOnce(String) -> Topic, id: &str) {
    if id != ALL {
        topics.push(one(id.to_owned()));
    }
    topics.push(Topic::All(kind));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EventId, Position, Timestamp};
    use serde_json::json;

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
            "agent:*",
            "workflow:*",
            "execution:*",
            "thread:*",
            "workflow:a/*",
        ] {
            assert_eq!(name.parse::<Topic>().map(|topic| topic.to_string()), Ok(name.to_owned()));
        }
    }

    #[test]
    fn what_is_no_topic_is_named() {
        for name in ["", "agents", "agent:", "execution:7", "x:1", "agent:\u{7}", "x:*", "*", "agent*"] {
            assert_eq!(name.parse::<Topic>(), Err(NotATopic::Unknown(name.to_owned())));
        }
        let nobodys = "session:*".parse::<Topic>().unwrap_err();
        assert_eq!(
            nobodys.to_string(),
            "`session:*` is not a topic: a session is its owner's, and all of them are nobody's"
        );
        assert_eq!("workflow:a/*".parse(), Ok(Topic::Workflow("a/*".to_owned())), "a name like another");
    }

    fn of(event: Event, id: EventId, position: Option<u64>) -> Vec<String> {
        let envelope = Envelope {
            id,
            position: position.map(Position),
            time: Timestamp(1),
            correlation_id: None,
            causation_id: None,
            traceparent: None,
            event,
        };
        let topics = Topic::of(&envelope);
        assert!(topics.len() <= MOST, "room for all: {topics:?}");
        topics.iter().map(Topic::to_string).collect()
    }

    fn workflow(workflow_id: &str, agent_id: Option<&str>) -> Event {
        let data = json!({"workflowId": workflow_id, "executionId": "e", "stage": "s", "status": "running",
            "agentId": agent_id, "timestamp": 1});
        Event::from_value("workflow_execution", data).unwrap()
    }

    #[test]
    fn an_event_names_who_it_is_of_and_all_of_that_kind() {
        let id = EventId(uuid::Uuid::from_u128(7 << 64));
        assert_eq!(
            of(workflow("w", Some("a")), id, Some(1)),
            ["workflow_executions", "workflow:w", "workflow:*", "agent:a", "agent:*", "events"]
        );
        assert_eq!(of(workflow("w", None), id, None), ["workflow_executions", "workflow:w", "workflow:*"]);
        assert_eq!(
            of(workflow("w", None), id.projected(0), Some(1)),
            ["workflow_executions", "workflow:w", "workflow:*"],
            "a projection is none of all events"
        );
        let memory = |agent_id: Option<&str>| {
            let data = json!({"memoryId": "m", "action": "created", "importance": 0.5, "tags": [],
                "agentId": agent_id, "timestamp": 1});
            Event::from_value("memory_timeline", data).unwrap()
        };
        assert_eq!(of(memory(Some("a")), id, Some(1)), ["memory_timeline", "agent:a", "agent:*", "events"]);
        assert_eq!(of(memory(None), id, Some(1)), ["memory_timeline", "events"], "of no agent");
        let execution_id = ExecutionId(uuid::Uuid::from_u128(9));
        let data = json!({"execution_id": execution_id, "path": "w", "reason": "r", "by": "b"});
        let paused = Event::from_value("execution_paused", data).unwrap();
        assert_eq!(paused.execution_id(), Some(execution_id));
        assert_eq!(of(paused, id, Some(1)), [&format!("execution:{execution_id}"), "execution:*", "events"]);
        assert_eq!(of(Event::Other { name: "note".to_owned(), data: json!({}) }, id, Some(1)), ["events"]);
    }

    #[test]
    fn one_who_is_called_as_all_are_is_named_once() {
        let id = EventId(uuid::Uuid::from_u128(7 << 64));
        let topics = of(workflow("*", Some("*")), id, Some(1));
        assert_eq!(topics, ["workflow_executions", "workflow:*", "agent:*", "events"], "in an old log");
    }
}
