//! An id by its last six characters; a click copies the whole.

use crate::format::short_id;
use leptos::prelude::*;
use std::time::Duration;

/// How long it is told what became of a copy.
const TOLD: Duration = Duration::from_millis(1_500);

#[component]
pub(crate) fn CopyId(#[prop(into)] id: String) -> impl IntoView {
    let (is_copied, copy) = use_copy(id.clone());
    let short = short_id(&id);
    let told = move || is_copied.get().map(|is_copied| if is_copied { "copied" } else { "not copied" });
    view! {
        <button
            type="button"
            class="copy-id"
            title=id.clone()
            aria-label=format!("{short}, copy the whole id")
            on:click=move |_| copy()
        >
            <span class="copy-id-text">{short.clone()}</span>
            <span class="copy-id-done" role="status">{told}</span>
        </button>
    }
}

/// What copies `text`, and for a moment after each try whether it did.
pub(crate) fn use_copy(text: String) -> (ReadSignal<Option<bool>>, impl Fn() + 'static) {
    let (is_copied, set_copied) = signal(None);
    let copy = move || {
        // The page may have been left meanwhile.
        to_clipboard(&text, move |is_copied| {
            set_copied.try_set(Some(is_copied));
            set_timeout(
                move || {
                    set_copied.try_set(None);
                },
                TOLD,
            );
        });
    };
    (is_copied, copy)
}

/// Refused by browsers that were told so, and impossible outside of a secure context; what is copied stands on the
/// page as well.
#[cfg(feature = "hydrate")]
fn to_clipboard(text: &str, then: impl FnOnce(bool) + 'static) {
    let navigator = window().navigator();
    let is_there = js_sys::Reflect::get(&navigator, &"clipboard".into()).is_ok_and(|clipboard| clipboard.is_object());
    if !is_there {
        return then(false);
    }
    let written = wasm_bindgen_futures::JsFuture::from(navigator.clipboard().write_text(text));
    leptos::task::spawn_local(async move { then(written.await.is_ok()) });
}

#[cfg(not(feature = "hydrate"))]
fn to_clipboard(_text: &str, _then: impl FnOnce(bool) + 'static) {}
