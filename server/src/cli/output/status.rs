//! A status as shape, word and colour.

use console::{Style, StyledObject};
use protocol::StepStatus;

pub(in crate::cli) fn shape(status: StepStatus) -> &'static str {
    match status {
        StepStatus::Queued => "○",
        StepStatus::Running => "◐",
        StepStatus::Waiting => "◷",
        StepStatus::Completed => "●",
        StepStatus::Failed => "✕",
        StepStatus::Cancelled => "⊘",
        StepStatus::Skipped => "–",
    }
}

pub(in crate::cli) fn style(status: StepStatus) -> Style {
    match status {
        StepStatus::Running => Style::new().blue(),
        StepStatus::Waiting => Style::new().yellow(),
        StepStatus::Completed => Style::new().green(),
        StepStatus::Failed => Style::new().red(),
        StepStatus::Queued | StepStatus::Cancelled | StepStatus::Skipped => Style::new().dim(),
    }
}

/// `● completed`, for stdout.
pub(in crate::cli) fn words(status: StepStatus) -> StyledObject<String> {
    style(status).apply_to(format!("{} {:<9}", shape(status), status.word()))
}
