//! A playbook's source with line numbers; each line is an anchor (`#L12`).

use leptos::prelude::*;

#[component]
pub(crate) fn Source(text: String) -> impl IntoView {
    let lines = text
        .lines()
        .enumerate()
        .map(|(index, line)| {
            let anchor = format!("L{}", index + 1);
            // Only whole lines: further right a `#` may stand inside of a block of code.
            let is_comment = line.trim_start().starts_with('#');
            view! {
                <span class="source-line" id=anchor.clone()>
                    <a class="source-number" href=format!("#{anchor}") aria-label=format!("Line {}", index + 1)>
                        {index + 1}
                    </a>
                    <span class="source-text" class:source-comment=is_comment>{line.to_owned()}</span>
                </span>
            }
        })
        .collect_view();
    view! {
        <div class="source" tabindex="0" role="group" aria-label="Source">
            {lines}
        </div>
    }
}
