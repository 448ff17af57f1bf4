//! What is wrong with a playbook: each problem with its place, the line itself, and the way out.

use leptos::prelude::*;
use protocol::{Diagnostic, diagnostic::Level};

#[component]
pub(crate) fn Diagnostics(diagnostics: Vec<Diagnostic>, source: String) -> impl IntoView {
    let items = diagnostics
        .into_iter()
        .map(|diagnostic| {
            let (level, word) = match diagnostic.level {
                Level::Error => ("error", "Error"),
                Level::Warning => ("warning", "Warning"),
            };
            let line = (diagnostic.line as usize).checked_sub(1).and_then(|index| source.lines().nth(index));
            let line = line.map(|line| line.chars().take(160).collect::<String>());
            view! {
                <li class="diagnostic" data-level=level>
                    <p>
                        <b>{word}</b>
                        <span class="number">{format!(" line {}, column {}", diagnostic.line, diagnostic.column)}</span>
                        " "
                        <code class="quiet">{diagnostic.code}</code>
                    </p>
                    <p>{diagnostic.message}</p>
                    {line.map(|line| view! { <pre class="code">{format!("{} | {line}", diagnostic.line)}</pre> })}
                    {diagnostic.hint.map(|hint| view! { <p class="quiet">{hint}</p> })}
                </li>
            }
        })
        .collect_view();
    view! { <ol class="diagnostics">{items}</ol> }
}
