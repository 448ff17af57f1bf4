//! A playbook's source with line numbers; each line is an anchor (`#L12`).

use leptos::prelude::*;

#[component]
pub(crate) fn Source(text: String) -> impl IntoView {
    let lines = text
        .lines()
        .enumerate()
        .map(|(index, line)| {
            let anchor = format!("L{}", index + 1);
            let (before, comment) = split_comment(line);
            view! {
                <span class="source-line" id=anchor.clone()>
                    <a class="source-number" href=format!("#{anchor}") aria-label=format!("Line {}", index + 1)>
                        {index + 1}
                    </a>
                    <span class="source-text">
                        {before.to_owned()}
                        {(!comment.is_empty()).then(|| view! { <span class="source-comment">{comment.to_owned()}</span> })}
                    </span>
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

/// A line whose first sign is `#` is a comment as a whole. Others are left alone: in YAML a `#` further right may
/// stand inside of a block of code.
fn split_comment(line: &str) -> (&str, &str) {
    if line.trim_start().starts_with('#') { ("", line) } else { (line, "") }
}
