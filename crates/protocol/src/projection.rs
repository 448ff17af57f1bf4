//! Events computed from a durable event when it is published or replayed; never rows.

use crate::{
    Envelope, Event, ExecutionId, Outcome, Phase, Topic, TopicKind,
    event::{Progress, WorkflowExecution},
    status,
};

/// The events that have a `workflow_execution` projection.
pub const PROJECTED: &[&str] = &[
    "execution_queued",
    "execution_start",
    "step_reused",
    "step_started",
    "step_completed",
    "step_failed",
    "execution_complete",
];

/// Whether an event has a `workflow_execution` projection: cheaper than computing it.
pub fn has_one(event: &Event) -> bool {
    matches!(
        event,
        Event::ExecutionQueued(_)
            | Event::ExecutionStart(_)
            | Event::StepReused(_)
            | Event::StepStarted(_)
            | Event::StepCompleted(_)
            | Event::StepFailed(_)
            | Event::ExecutionComplete(_)
    )
}

/// Whether projections are seen under a topic.
pub fn are_seen_under(topic: &Topic) -> bool {
    matches!(topic, Topic::WorkflowExecutions | Topic::Workflow(_) | Topic::All(TopicKind::Workflow))
}

/// The S1 `workflow_execution` message of an execution event, if it has one.
///
/// The same durable event always yields the same projection, so live and replay agree.
pub fn workflow_execution(envelope: &Envelope) -> Option<Envelope> {
    let (stage, phase, outcome, progress, result, error) = match &envelope.event {
        Event::ExecutionQueued(e) => {
            let node_name = e.path.rsplit('/').next().unwrap_or(&e.path);
            (node_name.to_owned(), Phase::Initial, None, None, None, None)
        }
        Event::ExecutionStart(e) => {
            // `pending` is told once: when it was queued, or now.
            let phase = if e.queued_at.is_some() { Phase::InProgress } else { Phase::Initial };
            (e.node_name.clone(), phase, None, Some(e.progress), None, None)
        }
        Event::StepReused(e) => (e.step.clone(), Phase::InProgress, None, Some(e.progress), None, None),
        Event::StepStarted(e) => (e.step.clone(), Phase::InProgress, None, Some(e.progress), None, None),
        Event::StepCompleted(e) => (e.step.clone(), Phase::InProgress, None, Some(e.progress), None, None),
        Event::StepFailed(e) => {
            (e.step.clone(), Phase::InProgress, None, Some(e.progress), None, Some(e.error.message.clone()))
        }
        Event::ExecutionComplete(e) => (
            e.node_name.clone(),
            Phase::Completed,
            Some(e.outcome),
            (e.outcome != Outcome::Completed).then_some(e.progress),
            Some((*e.result).clone()),
            e.error.as_ref().map(|error| error.message.clone()),
        ),
        _ => return None,
    };
    let percent = match (outcome, progress) {
        (Some(Outcome::Completed), _) => Some(100.0),
        (_, Some(progress)) => Some(percent(progress)),
        (_, None) => None,
    };
    Some(Envelope {
        id: envelope.id.projected(0),
        event: Event::WorkflowExecution(WorkflowExecution {
            workflow_id: envelope.event.path()?.to_owned(),
            execution_id: envelope.event.execution_id()?.to_string(),
            stage,
            status: status::of_workflow(phase, outcome),
            progress: percent,
            agent_id: None,
            result,
            error,
            timestamp: envelope.time,
        }),
        position: envelope.position,
        time: envelope.time,
        correlation_id: envelope.correlation_id.clone(),
        causation_id: Some(envelope.id.to_string()),
        traceparent: envelope.traceparent.clone(),
    })
}

/// The message and its execution, when it is a projection of an execution here. What other programs say of their
/// workflows is none, whatever ids they use.
pub fn of_execution(envelope: &Envelope) -> Option<(&WorkflowExecution, ExecutionId)> {
    match &envelope.event {
        Event::WorkflowExecution(event) if envelope.id.is_projected() => {
            Some((event, event.execution_id.parse().ok()?))
        }
        _ => None,
    }
}

fn percent(progress: Progress) -> f64 {
    if progress.known == 0 {
        return 0.0;
    }
    (f64::from(progress.completed) * 1000.0 / f64::from(progress.known)).round().min(1000.0) / 10.0
}
