//! Events as the tap shows them.

use crate::{format::short_id, href, live::Clock};
use leptos::prelude::*;
use protocol::{Topic, view::TapRow};

/// `rows` in the order they are shown. `topic`: the one they came under, if not that of all events; their links stay
/// under it.
#[component]
pub(crate) fn TapTable(
    #[prop(into)] rows: Signal<Vec<TapRow>>,
    topic: Option<Topic>,
    clock: Clock,
    caption: &'static str,
) -> impl IntoView {
    let topic = StoredValue::new(topic);
    // Rows that come later are new to the reader; those of the page are not.
    let (is_settled, set_settled) = signal(false);
    Effect::new(move || set_settled.set(true));
    view! {
        <table class="table tap-table">
            <caption class="visually-hidden">{caption}</caption>
            <thead>
                <tr>
                    <th scope="col" class="end wide">"Position"</th>
                    <th scope="col">"Time"</th>
                    <th scope="col">"Event"</th>
                    <th scope="col" class="wide">"Belongs to"</th>
                    <th scope="col" class="wide">"Step"</th>
                    <th scope="col">"What happened"</th>
                </tr>
            </thead>
            <tbody>
                <For each=move || rows.get() key=|row| (row.position, row.id) let(row)>
                    <Row row topic clock is_new=is_settled.get_untracked() />
                </For>
            </tbody>
        </table>
    }
}

#[component]
fn Row(row: TapRow, topic: StoredValue<Option<Topic>>, clock: Clock, is_new: bool) -> impl IntoView {
    let TapRow { position, time, kind, correlation_id, execution_id, step, summary, .. } = row;
    let event = match position {
        Some(position) => {
            let href = topic.with_value(|topic| href::event(position, topic.as_ref()));
            view! { <a href=href><code>{kind}</code></a> }.into_any()
        }
        // It passed by and is kept nowhere: there is nothing to open.
        None => view! { <code>{kind}</code> }.into_any(),
    };
    let belongs = match (execution_id, correlation_id) {
        (Some(id), _) => {
            view! { <a class="quiet" href=href::execution(id) title=id.to_string()>{short_id(id)}</a> }.into_any()
        }
        (None, Some(text)) => {
            let href = topic.with_value(|topic| href::events_of(&text, topic.as_ref()));
            view! { <a class="quiet" href=href title=text.clone()>{text.clone()}</a> }.into_any()
        }
        (None, None) => ().into_any(),
    };
    view! {
        <tr data-changed=is_new.then_some("a")>
            <td class="end wide number quiet">{position.map(|position| position.to_string())}</td>
            <td class="number">
                <time datetime=time.to_rfc3339() title=move || clock.exact(time)>{move || clock.time_ms(time)}</time>
            </td>
            <td>{event}</td>
            <td class="wide number">{belongs}</td>
            <td class="wide">{step}</td>
            <td class="tap-summary" title=summary.clone()>{summary.clone()}</td>
        </tr>
    }
}
