//! An id by its last six characters; a click copies the whole.

use crate::format::short_id;
use leptos::prelude::*;

#[component]
pub(crate) fn CopyId(#[prop(into)] id: String) -> impl IntoView {
    let (is_copied, set_copied) = signal(false);
    let short = short_id(&id);
    let to_copy = id.clone();
    let copy = move |_| {
        copy_to_clipboard(&to_copy);
        set_copied.set(true);
        set_timeout(move || set_copied.set(false), std::time::Duration::from_millis(1_500));
    };
    view! {
        <button type="button" class="copy-id" title=id.clone() aria-label=format!("{short}, copy the whole id") on:click=copy>
            <span class="copy-id-text">{short.clone()}</span>
            <span class="copy-id-done" role="status">{move || is_copied.get().then_some("copied")}</span>
        </button>
    }
}

#[cfg(feature = "hydrate")]
pub(crate) fn copy_to_clipboard(text: &str) {
    // Refused by some browsers outside of a secure context; the whole id is in the title as well.
    drop(window().navigator().clipboard().write_text(text));
}

#[cfg(not(feature = "hydrate"))]
pub(crate) fn copy_to_clipboard(_text: &str) {}
