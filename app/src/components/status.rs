//! Status as shape, word and colour: never colour alone.

use leptos::prelude::*;
use protocol::StepStatus;

/// The word in sentence case.
pub(crate) fn label(status: StepStatus) -> &'static str {
    match status {
        StepStatus::Queued => "Queued",
        StepStatus::Running => "Running",
        StepStatus::Waiting => "Waiting",
        StepStatus::Completed => "Completed",
        StepStatus::Failed => "Failed",
        StepStatus::Cancelled => "Cancelled",
        StepStatus::Skipped => "Skipped",
    }
}

/// Shape and word.
#[component]
pub(crate) fn Status(#[prop(into)] status: Signal<StepStatus>) -> impl IntoView {
    view! {
        <span class="status" data-status=move || status.get().word()>
            <StatusMark status />
            <span>{move || label(status.get())}</span>
        </span>
    }
}

/// The shape alone, for places where the word stands beside it; takes its colour from the nearest `data-status`.
#[component]
pub(crate) fn StatusMark(#[prop(into)] status: Signal<StepStatus>) -> impl IntoView {
    view! {
        <svg class="mark" width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
            <use href=move || format!("#mark-{}", status.get().word()) />
        </svg>
    }
}
