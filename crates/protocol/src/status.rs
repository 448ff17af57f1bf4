//! Status words, and the one table that maps them between REST, S1 and the screen.

use crate::event::WorkflowStatus;
use serde::{Deserialize, Serialize};

/// Where an execution is. Never goes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    #[default]
    Initial,
    InProgress,
    Completed,
}

/// How an execution ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Completed,
    Failed,
    Cancelled,
}

/// What the screen shows, as shape + word + colour (`data-status`), for executions and steps alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    #[default]
    Queued,
    Running,
    Waiting,
    Completed,
    Failed,
    Cancelled,
    Skipped,
}

impl Phase {
    pub fn word(self) -> &'static str {
        match self {
            Phase::Initial => "initial",
            Phase::InProgress => "in_progress",
            Phase::Completed => "completed",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [Phase::Initial, Phase::InProgress, Phase::Completed].into_iter().find(|phase| phase.word() == word)
    }
}

impl Outcome {
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Completed => "completed",
            Outcome::Failed => "failed",
            Outcome::Cancelled => "cancelled",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [Outcome::Completed, Outcome::Failed, Outcome::Cancelled].into_iter().find(|outcome| outcome.word() == word)
    }
}

impl StepStatus {
    pub const ALL: [StepStatus; 7] = [
        StepStatus::Queued,
        StepStatus::Running,
        StepStatus::Waiting,
        StepStatus::Completed,
        StepStatus::Failed,
        StepStatus::Cancelled,
        StepStatus::Skipped,
    ];

    pub fn word(self) -> &'static str {
        match self {
            StepStatus::Queued => "queued",
            StepStatus::Running => "running",
            StepStatus::Waiting => "waiting",
            StepStatus::Completed => "completed",
            StepStatus::Failed => "failed",
            StepStatus::Cancelled => "cancelled",
            StepStatus::Skipped => "skipped",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }

    /// Nothing more will happen to it.
    pub fn is_final(self) -> bool {
        matches!(self, StepStatus::Completed | StepStatus::Failed | StepStatus::Cancelled | StepStatus::Skipped)
    }
}

/// The screen's word for an execution.
pub fn of_execution(phase: Phase, outcome: Option<Outcome>) -> StepStatus {
    match (phase, outcome) {
        (Phase::Initial, _) => StepStatus::Queued,
        (Phase::InProgress, _) => StepStatus::Running,
        (Phase::Completed, Some(Outcome::Failed)) => StepStatus::Failed,
        (Phase::Completed, Some(Outcome::Cancelled)) => StepStatus::Cancelled,
        (Phase::Completed, _) => StepStatus::Completed,
    }
}

/// S1's word for an execution.
pub fn of_workflow(phase: Phase, outcome: Option<Outcome>) -> WorkflowStatus {
    match (phase, outcome) {
        (Phase::Initial, _) => WorkflowStatus::Pending,
        (Phase::InProgress, _) => WorkflowStatus::Running,
        (Phase::Completed, Some(Outcome::Failed)) => WorkflowStatus::Failed,
        (Phase::Completed, Some(Outcome::Cancelled)) => WorkflowStatus::Cancelled,
        (Phase::Completed, _) => WorkflowStatus::Completed,
    }
}

/// The screen's word for S1's.
pub fn of_s1(status: WorkflowStatus) -> StepStatus {
    match status {
        WorkflowStatus::Pending => StepStatus::Queued,
        WorkflowStatus::Running => StepStatus::Running,
        WorkflowStatus::Completed => StepStatus::Completed,
        WorkflowStatus::Failed => StepStatus::Failed,
        WorkflowStatus::Cancelled => StepStatus::Cancelled,
    }
}
