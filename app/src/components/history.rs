//! The event history: newest at the end, following it while one reads the end.

use crate::{format, href, live::Clock};
use leptos::{html::Div, prelude::*};
use protocol::view::{EventRow, ExecutionView};

/// Closer to the end than this counts as reading the end, in pixels.
#[cfg(feature = "hydrate")]
const NEAR_PX: i32 = 24;

#[component]
pub(crate) fn History(execution: RwSignal<ExecutionView>, clock: Clock) -> impl IntoView {
    let scroll = NodeRef::<Div>::new();
    // A reader of something that has ended starts at the beginning and stays there.
    let (is_following, set_following) = signal(execution.with_untracked(|view| !view.status().is_final()));
    let newest = Memo::new(move |_| execution.with(|view| view.position));
    let (seen, set_seen) = signal(newest.get_untracked());
    let rows = Memo::new(move |_| execution.with(|view| view.events.clone()));
    let unseen = Memo::new(move |_| {
        let seen = seen.get();
        rows.with(|rows| rows.iter().filter(|row| row.position > seen).count())
    });
    Effect::new(move |before: Option<()>| {
        let position = newest.get();
        if before.is_some() && is_following.get_untracked() {
            set_seen.set(position);
            to_end(scroll);
        }
    });
    let scrolled = move |_| {
        let is_near = is_near_end(scroll);
        set_following.set(is_near);
        if is_near {
            set_seen.set(newest.get_untracked());
        }
    };
    let jump = move |_| {
        set_following.set(true);
        set_seen.set(newest.get_untracked());
        to_end(scroll);
    };
    let omitted = Memo::new(move |_| execution.with(|view| view.events_omitted));
    let id = execution.with_untracked(|view| view.execution_id);
    view! {
        <div class="history">
            {move || {
                (omitted.get() > 0)
                    .then(|| {
                        let count = format::count(omitted.get());
                        view! {
                            <p class="note">
                                {format!("{count} earlier events. ")} <a href=href::execution_events(id)>"Read from the first"</a>
                            </p>
                        }
                    })
            }}
            <div class="history-scroll" tabindex="0" role="group" aria-label="Event history" node_ref=scroll on:scroll=scrolled>
                <HistoryTable rows clock />
            </div>
            <p class="history-foot">
                <button
                    type="button"
                    class="button"
                    hidden=move || unseen.get() == 0 || is_following.get()
                    on:click=jump
                >
                    {move || format!("{} new", unseen.get())}
                </button>
                <a class="quiet" rel="external" href=href::execution_events_json(id)>"As JSON"</a>
            </p>
        </div>
    }
}

#[component]
pub(crate) fn HistoryTable(#[prop(into)] rows: Signal<Vec<EventRow>>, clock: Clock) -> impl IntoView {
    view! {
        <table class="table history-table">
            <thead>
                <tr>
                    <th scope="col">"Position"</th>
                    <th scope="col">"Time"</th>
                    <th scope="col">"Event"</th>
                    <th scope="col">"Step"</th>
                    <th scope="col">"What happened"</th>
                </tr>
            </thead>
            <tbody>
                <For each=move || rows.get() key=|row| row.position let(row)>
                    <HistoryRow row clock />
                </For>
            </tbody>
        </table>
    }
}

#[component]
fn HistoryRow(row: EventRow, clock: Clock) -> impl IntoView {
    let EventRow { position, time, kind, step, visit, attempt, item, summary } = row;
    let anchor = format!("event-{position}");
    let of = match (visit, attempt) {
        (Some(visit), Some(attempt)) if visit > 1 || attempt > 1 => format!(" {visit}.{attempt}"),
        (Some(visit), None) if visit > 1 => format!(" {visit}"),
        _ => String::new(),
    };
    let of = item.map_or(of.clone(), |item| format!(" #{item}{of}"));
    view! {
        <tr id=anchor.clone()>
            <td class="number">
                <a class="quiet" href=format!("#{anchor}")>{position.to_string()}</a>
            </td>
            <td class="number">
                <time datetime=time.to_rfc3339() title=move || clock.exact(time)>{move || clock.time_ms(time)}</time>
            </td>
            <td>
                <code>{kind}</code>
            </td>
            <td>{step}<span class="quiet">{of}</span></td>
            <td class="history-summary" title=summary.clone()>{summary.clone()}</td>
        </tr>
    }
}

#[cfg(feature = "hydrate")]
fn to_end(scroll: NodeRef<Div>) {
    // After the rows of this batch are in the document.
    request_animation_frame(move || {
        // The page may have been left meanwhile.
        if let Some(scroll) = scroll.try_get_untracked().flatten() {
            scroll.set_scroll_top(scroll.scroll_height());
        }
    });
}

#[cfg(feature = "hydrate")]
fn is_near_end(scroll: NodeRef<Div>) -> bool {
    // A region that is swapped scrolls once more while its page goes.
    scroll
        .try_get_untracked()
        .flatten()
        .is_some_and(|scroll| scroll.scroll_height() - scroll.scroll_top() - scroll.client_height() < NEAR_PX)
}

#[cfg(not(feature = "hydrate"))]
fn to_end(_scroll: NodeRef<Div>) {}

#[cfg(not(feature = "hydrate"))]
fn is_near_end(_scroll: NodeRef<Div>) -> bool {
    false
}
