//! A list of things by name, and what takes one of them away.

use leptos::prelude::*;

/// `columns`: class and title of each but the last, which has what can be done. `children`: the rows.
#[component]
pub(crate) fn NamedList<const N: usize>(
    caption: &'static str,
    #[prop(optional)] class: &'static str,
    columns: [(&'static str, &'static str); N],
    children: Children,
) -> impl IntoView {
    let columns = columns.map(|(class, title)| view! { <th scope="col" class=class>{title}</th> });
    view! {
        <table class=format!("table named-list {class}")>
            <caption class="visually-hidden">{caption}</caption>
            <thead>
                <tr>
                    {columns.collect_view()} <th scope="col">
                        <span class="visually-hidden">"Change"</span>
                    </th>
                </tr>
            </thead>
            <tbody>{children()}</tbody>
        </table>
    }
}

/// Two steps, since it cannot be undone: open, then confirm. `effect`: what it does to others; `action`: takes the
/// `name`.
#[component]
pub(crate) fn Remove(
    verb: &'static str,
    #[prop(into)] name: String,
    effect: &'static str,
    action: &'static str,
    #[prop(optional)] is_small: bool,
) -> impl IntoView {
    let label = format!("{verb} {name}");
    view! {
        <details class="confirm">
            <summary class="button danger" class:small=is_small aria-label=label.clone()>{verb}</summary>
            <form class="confirm-form" method="post" action=action>
                <input type="hidden" name="name" value=name />
                <p>{effect}</p>
                <button class="button danger" type="submit">{label}</button>
            </form>
        </details>
    }
}
