//! What can happen. One enum; each variant's name on the wire is the seed's, to the letter.

mod execution;
mod realtime;
mod task_progress;
mod unstamped;

pub use execution::*;
pub use realtime::*;
pub use task_progress::TaskProgress;

use serde::{Serialize, Serializer};
use serde_json::Value;

macro_rules! events {
    ($($name:literal => $variant:ident),+ $(,)?) => {
        /// An event's `type` and `data`. The data of `X` is the struct `X`.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Event {
            $($variant($variant),)+
            /// A type this build does not know, kept whole.
            Other { name: String, data: Value },
        }

        impl Event {
            /// Every type this build knows.
            pub const NAMES: &'static [&'static str] = &[$($name),+];

            /// The `type` on the wire.
            pub fn name(&self) -> &str {
                match self {
                    $(Event::$variant(_) => $name,)+
                    Event::Other { name, .. } => name,
                }
            }

            /// Reads an event back from its `type` and its `data` as JSON text.
            ///
            /// # Errors
            /// When `data` is not JSON or lacks a field of a known type.
            pub fn from_parts(name: &str, data: &str) -> Result<Self, serde_json::Error> {
                Ok(match name {
                    $($name => Event::$variant(serde_json::from_str(data)?),)+
                    _ => Event::Other { name: name.to_owned(), data: serde_json::from_str(data)? },
                })
            }

            /// Reads an event back from its `type` and its `data` as a JSON value.
            ///
            /// # Errors
            /// When `data` lacks a field of a known type.
            pub fn from_value(name: &str, data: Value) -> Result<Self, serde_json::Error> {
                Ok(match name {
                    $($name => Event::$variant(serde_json::from_value(data)?),)+
                    _ => Event::Other { name: name.to_owned(), data },
                })
            }
        }

        impl Serialize for EventData<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self.0 {
                    $(Event::$variant(data) => data.serialize(serializer),)+
                    Event::Other { data, .. } => data.serialize(serializer),
                }
            }
        }

        $(impl From<$variant> for Event {
            fn from(data: $variant) -> Self {
                Event::$variant(data)
            }
        })+
    };
}

/// An event's `data` alone, for serialising.
pub struct EventData<'a>(&'a Event);

events! {
    "execution_queued" => ExecutionQueued,
    "execution_start" => ExecutionStart,
    "step_reused" => StepReused,
    "step_started" => StepStarted,
    "action_started" => ActionStarted,
    "action_completed" => ActionCompleted,
    "action_failed" => ActionFailed,
    "retry_scheduled" => RetryScheduled,
    "iterator_started" => IteratorStarted,
    "iterator_completed" => IteratorCompleted,
    "approval_requested" => ApprovalRequested,
    "signal_received" => SignalReceived,
    "report_late" => ReportLate,
    "step_completed" => StepCompleted,
    "step_failed" => StepFailed,
    "execution_paused" => ExecutionPaused,
    "execution_resumed" => ExecutionResumed,
    "execution_cancelled" => ExecutionCancelled,
    "execution_complete" => ExecutionComplete,
    "task_progress" => TaskProgress,
    "workflow_execution" => WorkflowExecution,
    "agent_state" => AgentState,
    "performance_metric" => PerformanceMetric,
    "memory_timeline" => MemoryTimeline,
    "system_alert" => SystemAlert,
}

impl Event {
    /// The `data` on the wire.
    pub fn data(&self) -> EventData<'_> {
        EventData(self)
    }

    /// The `data` as JSON text.
    pub fn data_json(&self) -> String {
        serde_json::to_string(&self.data()).expect("event data has string keys and no failing types")
    }

    /// The execution this event is in the log of; `None` for every other kind, projections included.
    pub fn execution_id(&self) -> Option<crate::ExecutionId> {
        match self {
            Event::ExecutionStart(e) => Some(e.execution_id),
            Event::ExecutionQueued(e) => Some(e.execution_id),
            Event::StepReused(e) => Some(e.execution_id),
            Event::IteratorStarted(e) => Some(e.execution_id),
            Event::IteratorCompleted(e) => Some(e.execution_id),
            Event::ApprovalRequested(e) => Some(e.execution_id),
            Event::SignalReceived(e) => Some(e.execution_id),
            Event::ReportLate(e) => Some(e.execution_id),
            Event::ExecutionPaused(e) => Some(e.execution_id),
            Event::ExecutionResumed(e) => Some(e.execution_id),
            Event::StepStarted(e) => Some(e.execution_id),
            Event::ActionStarted(e) => Some(e.execution_id),
            Event::ActionCompleted(e) => Some(e.execution_id),
            Event::ActionFailed(e) => Some(e.execution_id),
            Event::RetryScheduled(e) => Some(e.execution_id),
            Event::StepCompleted(e) => Some(e.execution_id),
            Event::StepFailed(e) => Some(e.execution_id),
            Event::ExecutionCancelled(e) => Some(e.execution_id),
            Event::ExecutionComplete(e) => Some(e.execution_id),
            _ => None,
        }
    }

    /// The playbook path of an execution event.
    pub fn path(&self) -> Option<&str> {
        match self {
            Event::ExecutionStart(e) => Some(&e.path),
            Event::ExecutionQueued(e) => Some(&e.path),
            Event::StepReused(e) => Some(&e.path),
            Event::IteratorStarted(e) => Some(&e.path),
            Event::IteratorCompleted(e) => Some(&e.path),
            Event::ApprovalRequested(e) => Some(&e.path),
            Event::SignalReceived(e) => Some(&e.path),
            Event::ReportLate(e) => Some(&e.path),
            Event::ExecutionPaused(e) => Some(&e.path),
            Event::ExecutionResumed(e) => Some(&e.path),
            Event::StepStarted(e) => Some(&e.path),
            Event::ActionStarted(e) => Some(&e.path),
            Event::ActionCompleted(e) => Some(&e.path),
            Event::ActionFailed(e) => Some(&e.path),
            Event::RetryScheduled(e) => Some(&e.path),
            Event::StepCompleted(e) => Some(&e.path),
            Event::StepFailed(e) => Some(&e.path),
            Event::ExecutionCancelled(e) => Some(&e.path),
            Event::ExecutionComplete(e) => Some(&e.path),
            Event::WorkflowExecution(e) => Some(&e.workflow_id),
            _ => None,
        }
    }

    /// The step of an execution event; `None` for those of the whole execution.
    pub fn step(&self) -> Option<&str> {
        match self {
            Event::StepStarted(e) => Some(&e.step),
            Event::StepReused(e) => Some(&e.step),
            Event::IteratorStarted(e) => Some(&e.step),
            Event::IteratorCompleted(e) => Some(&e.step),
            Event::ApprovalRequested(e) => Some(&e.step),
            Event::ReportLate(e) => Some(&e.step),
            Event::SignalReceived(e) => e.step.as_deref(),
            Event::ActionStarted(e) => Some(&e.step),
            Event::ActionCompleted(e) => Some(&e.step),
            Event::ActionFailed(e) => Some(&e.step),
            Event::RetryScheduled(e) => Some(&e.step),
            Event::StepCompleted(e) => Some(&e.step),
            Event::StepFailed(e) => Some(&e.step),
            Event::TaskProgress(e) => Some(&e.key.step),
            _ => None,
        }
    }
}
