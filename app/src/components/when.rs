//! Points in time, relative with the exact one on hover, and durations that grow.

use crate::live::Clock;
use leptos::prelude::*;
use protocol::Timestamp;

/// `3 min ago`.
#[component]
pub(crate) fn When(#[prop(into)] at: Signal<Timestamp>, clock: Clock) -> impl IntoView {
    view! {
        <time datetime=move || at.get().to_rfc3339() title=move || clock.exact(at.get())>
            {move || clock.ago(at.get())}
        </time>
    }
}

/// `in 3 min`.
#[component]
pub(crate) fn Until(#[prop(into)] at: Signal<Timestamp>, clock: Clock) -> impl IntoView {
    view! {
        <time datetime=move || at.get().to_rfc3339() title=move || clock.exact(at.get())>
            {move || clock.ahead(at.get())}
        </time>
    }
}

/// `1.24 s`; counts on while there is no end.
#[component]
pub(crate) fn Elapsed(
    #[prop(into)] start: Signal<Timestamp>,
    #[prop(into)] end: Signal<Option<Timestamp>>,
    clock: Clock,
) -> impl IntoView {
    view! { <span class="number">{move || clock.elapsed(start.get(), end.get())}</span> }
}
