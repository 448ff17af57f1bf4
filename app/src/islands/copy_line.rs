//! A line for a terminal, to be copied.

use crate::{components::copy_to_clipboard, live::release_with};
use leptos::{html::Div, prelude::*};

#[island]
pub fn CopyLine(line: String, label: String) -> impl IntoView {
    let root = NodeRef::<Div>::new();
    release_with(root);
    let (is_copied, set_copied) = signal(false);
    let text = line.clone();
    let copy = move |_| {
        copy_to_clipboard(&text);
        set_copied.set(true);
        set_timeout(move || set_copied.set(false), std::time::Duration::from_millis(1_500));
    };
    view! {
        <div class="copy-line" node_ref=root>
            <code tabindex="0">{line}</code>
            <button type="button" class="button small needs-script" aria-label=format!("Copy the line for {label}") on:click=copy>
                {move || if is_copied.get() { "Copied" } else { "Copy" }}
            </button>
        </div>
    }
}
