//! The event history, a line per event.

use crate::{Envelope, Event, Position, Timestamp, event::Transition};
use serde::{Deserialize, Serialize};

/// A row of the event history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventRow {
    pub position: Position,
    pub time: Timestamp,
    #[serde(rename = "type")]
    pub kind: String,
    pub step: Option<String>,
    pub visit: Option<u32>,
    pub attempt: Option<u32>,
    /// Of an iterator: which item, from 0.
    #[serde(default)]
    pub item: Option<u32>,
    /// `completed`, the error's message, the arcs taken …
    pub summary: String,
}

impl EventRow {
    /// The row of a durable event; `None` for an ephemeral one.
    pub fn of(envelope: &Envelope) -> Option<Self> {
        let position = envelope.position?;
        let (visit, attempt, item) = match &envelope.event {
            Event::StepStarted(e) => (Some(e.visit), None, None),
            Event::StepReused(e) => (Some(e.visit), None, None),
            Event::ActionStarted(e) => (Some(e.visit), Some(e.attempt), e.item),
            Event::ActionCompleted(e) => (Some(e.visit), Some(e.attempt), e.item),
            Event::ActionFailed(e) => (Some(e.visit), Some(e.attempt), e.item),
            Event::RetryScheduled(e) => (Some(e.visit), Some(e.attempt), e.item),
            Event::ReportLate(e) => (Some(e.visit), Some(e.attempt), e.item),
            Event::IteratorStarted(e) => (Some(e.visit), None, None),
            Event::IteratorCompleted(e) => (Some(e.visit), None, None),
            Event::ApprovalRequested(e) => (Some(e.visit), None, None),
            Event::SignalReceived(e) => (e.visit, None, None),
            Event::StepCompleted(e) => (Some(e.visit), None, None),
            Event::StepFailed(e) => (Some(e.visit), None, None),
            _ => (None, None, None),
        };
        Some(Self {
            position,
            time: envelope.time,
            kind: envelope.event.name().to_owned(),
            step: envelope.event.step().map(str::to_owned),
            visit,
            attempt,
            item,
            summary: summary(&envelope.event),
        })
    }
}

/// One line about an event, for history rows and terminals.
pub fn summary(event: &Event) -> String {
    match event {
        Event::ExecutionQueued(e) => match &e.key {
            Some(key) => format!("waits for {} of `{key}`", e.reason),
            None => format!("waits for {}", e.reason),
        },
        Event::ExecutionStart(e) => format!("{} version {}", e.path, e.version),
        Event::StepReused(e) => format!("result of {}", e.of),
        Event::StepStarted(e) => e.protocol.clone(),
        Event::ActionStarted(e) => format!("by {}", e.worker),
        Event::ActionCompleted(e) => cut_to(&e.result.to_string(), 120),
        Event::ActionFailed(e) => cut_to(&e.error.message, 240),
        Event::RetryScheduled(e) => format!("attempt {} in {} ms, after {}", e.attempt, e.delay_ms, e.reason),
        Event::IteratorStarted(e) => {
            format!("{} items, {} at once", e.count, e.concurrency)
        }
        Event::IteratorCompleted(e) if e.failed > 0 => format!("{} items, {} failed", e.count, e.failed),
        Event::IteratorCompleted(e) => format!("{} items", e.count),
        Event::ApprovalRequested(e) => cut_to(&e.message, 240),
        Event::SignalReceived(e) => format!("`{}` by {}: {}", e.name, e.by, cut_to(&e.data.to_string(), 120)),
        Event::ReportLate(e) => format!("{} said {} too late", e.worker, e.outcome),
        Event::ExecutionPaused(e) => format!("by {}: {}", e.by, e.reason),
        Event::ExecutionResumed(e) => format!("by {}", e.by),
        Event::StepCompleted(e) => taken(&e.arcs),
        Event::StepFailed(e) => cut_to(&e.error.message, 240),
        Event::ExecutionCancelled(e) => format!("by {}: {}", e.by, e.reason),
        Event::ExecutionComplete(e) => match &e.error {
            Some(error) => format!("{}: {}", e.outcome.word(), cut_to(&error.message, 240)),
            None => e.outcome.word().to_owned(),
        },
        Event::AgentState(e) => {
            let task = e.current_task.as_deref().map(|task| format!(": {task}")).unwrap_or_default();
            format!("{} {}{}", e.agent_id, word(&e.status), cut_to(&task, 120))
        }
        Event::PerformanceMetric(e) => format!("{} {} {}", e.metric_name, e.value, e.unit),
        Event::WorkflowExecution(e) => {
            let progress = e.progress.map(|progress| format!(", {progress:.0} %")).unwrap_or_default();
            format!("{} {} at {}{progress}", e.workflow_id, word(&e.status), e.stage)
        }
        Event::MemoryTimeline(e) => {
            let content = e.content.as_deref().map(|content| format!(": {content}")).unwrap_or_default();
            format!("{} {}{}", e.memory_id, word(&e.action), cut_to(&content, 120))
        }
        Event::SystemAlert(e) => format!("{}, {}: {}", word(&e.severity), e.component, cut_to(&e.message, 240)),
        _ => String::new(),
    }
}

/// As the wire has it.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

fn taken(arcs: &[Transition]) -> String {
    let to: Vec<&str> = arcs.iter().filter(|arc| arc.taken).map(|arc| arc.to.as_str()).collect();
    if to.is_empty() { String::new() } else { format!("→ {}", to.join(", ")) }
}

fn cut_to(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
