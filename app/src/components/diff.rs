//! What changed between two versions of a source.

use leptos::prelude::*;
use protocol::api::{DiffKind, PlaybookDiff};

#[component]
pub(crate) fn DiffView(diff: PlaybookDiff) -> impl IntoView {
    let number = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
    let hunk = move |hunk: protocol::api::DiffHunk| {
        let lines = hunk
            .lines
            .into_iter()
            .map(|line| {
                let (kind, word) = match line.kind {
                    DiffKind::Same => ("same", ""),
                    DiffKind::Added => ("added", "added: "),
                    DiffKind::Removed => ("removed", "removed: "),
                };
                view! {
                    <span class="source-line diff-line" data-kind=kind>
                        <span class="source-number">{number(line.old)}</span>
                        <span class="source-number">{number(line.new)}</span>
                        <span class="diff-sign" aria-hidden="true">{line.kind.sign().to_string()}</span>
                        <span class="source-text"><span class="visually-hidden">{word}</span>{line.text}</span>
                    </span>
                }
            })
            .collect_view();
        view! { <div class="diff-hunk">{lines}</div> }
    };
    view! {
        <div class="source" tabindex="0" role="group" aria-label="Changes">
            {diff.hunks.into_iter().map(hunk).collect_view()}
        </div>
    }
}
