//! Icons and status shapes: drawn once per page, used by reference.

use leptos::prelude::*;

#[component]
pub(crate) fn Icon(name: &'static str) -> impl IntoView {
    view! {
        <svg class="icon" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
            <use href=format!("#icon-{name}") />
        </svg>
    }
}

/// All symbols and patterns; once at the start of the body.
#[component]
pub(crate) fn Sprite() -> impl IntoView {
    view! { <div class="sprite" aria-hidden="true" inner_html=include_str!("sprite.svg")></div> }
}
