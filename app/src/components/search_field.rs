//! The field a list is searched by; `/` leads to it.

use super::Icon;
use leptos::prelude::*;

/// `hint`: what one may type; `label`: what it is, for who does not see the sign.
#[component]
pub(crate) fn SearchField(text: String, hint: &'static str, label: &'static str) -> impl IntoView {
    view! {
        <span class="search-text">
            <Icon name="search" />
            <input class="field" id="search" type="search" name="q" value=text placeholder=hint aria-label=label maxlength="200" />
        </span>
    }
}
