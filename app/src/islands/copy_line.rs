//! A line for a terminal, to be copied.

use crate::{components::use_copy, live::release_with};
use leptos::{html::Div, prelude::*};

#[island]
pub fn CopyLine(line: String, label: String) -> impl IntoView {
    let root = NodeRef::<Div>::new();
    release_with(root);
    let (is_copied, copy) = use_copy(line.clone());
    let told = move || match is_copied.get() {
        Some(true) => "Copied",
        Some(false) => "Not copied",
        None => "Copy",
    };
    view! {
        <div class="copy-line" node_ref=root>
            <code tabindex="0">{line}</code>
            <button type="button" class="button small needs-script" aria-label=format!("Copy the line for {label}") on:click=move |_| copy()>
                {told}
            </button>
        </div>
    }
}
