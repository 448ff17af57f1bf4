//! What a place says that has nothing to show yet: the one thing that fills it.

use leptos::prelude::*;

#[component]
pub(crate) fn Empty(title: &'static str, children: Children) -> impl IntoView {
    view! {
        <div class="empty">
            <p class="empty-title">{title}</p>
            {children()}
        </div>
    }
}
