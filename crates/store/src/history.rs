//! Which rows of the log a topic's history is made of. The counterpart of [`Topic::of`] for replay.

use protocol::{Envelope, ExecutionId, Topic, TopicKind, projection};

/// What to read for a topic.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Source {
    Everything,
    Execution(ExecutionId),
    /// Events that are of an execution.
    Executions,
    /// Events that are not of an execution, of one type.
    OfType(&'static str),
    /// Events that are not of an execution and tell of an agent: of its own, and of workflows it works at.
    Agent(String),
    /// The same, of whichever agent.
    Agents,
    /// Projections of execution events (and the S1 message itself, where somebody published it), of all
    /// playbooks or of the one with this path.
    Projected {
        path: Option<String>,
    },
    /// No durable event is seen under this topic.
    Nothing,
}

impl Source {
    pub(crate) fn of(topic: &Topic) -> Self {
        match topic {
            Topic::Events => Source::Everything,
            Topic::Execution(id) => Source::Execution(*id),
            Topic::AgentStates => Source::OfType("agent_state"),
            Topic::PerformanceMetrics => Source::OfType("performance_metric"),
            Topic::MemoryTimeline => Source::OfType("memory_timeline"),
            Topic::SystemAlerts => Source::OfType("system_alert"),
            Topic::Agent(id) => Source::Agent(id.clone()),
            Topic::All(TopicKind::Agent) => Source::Agents,
            Topic::All(TopicKind::Execution) => Source::Executions,
            Topic::WorkflowExecutions | Topic::All(TopicKind::Workflow) => Source::Projected { path: None },
            Topic::Workflow(path) => Source::Projected { path: Some(path.clone()) },
            Topic::Components | Topic::Thread(_) | Topic::All(TopicKind::Thread) | Topic::Session(_) => Source::Nothing,
        }
    }
}

/// The types to read for [`Source::Projected`], as a JSON array.
pub(crate) fn projected_types() -> String {
    let types: Vec<&str> = projection::PROJECTED.iter().copied().chain(["workflow_execution"]).collect();
    serde_json::to_string(&types).expect("a list of strings is JSON")
}

/// An event as a workflow topic shows it.
pub(crate) fn projected(envelope: Envelope) -> Option<Envelope> {
    match envelope.event {
        protocol::Event::WorkflowExecution(_) => Some(envelope),
        _ => projection::workflow_execution(&envelope),
    }
}

/// The types whose subject is an agent.
pub(crate) const OF_AGENTS: &[&str] = &["agent_state", "performance_metric", "memory_timeline"];

/// What an event is about, for [`Source::Agent`], [`Source::Agents`] and [`Source::Projected`].
pub(crate) fn subject(event: &protocol::Event) -> Option<&str> {
    use protocol::Event;
    match event {
        Event::AgentState(e) => Some(&e.agent_id),
        Event::PerformanceMetric(e) => e.agent_id.as_deref(),
        // The agent of a `workflow_execution` has an index of its own.
        Event::MemoryTimeline(e) => e.agent_id.as_deref(),
        event => event.path(),
    }
}
