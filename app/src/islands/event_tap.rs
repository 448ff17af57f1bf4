//! Whatever passes, while one looks at it. New events wait behind a button while the tap is paused or read further
//! down.

use super::execution_list::{is_at_top, to_top};
use crate::{
    components::TapTable,
    format,
    live::{follow, release_with, use_clock},
};
use leptos::{html::Div, prelude::*};
use protocol::{Topic, view::TapView};

/// `topic`: its name. `is_live`: a page of the past shows no news.
#[island]
pub fn EventTap(tap: TapView, topic: String, is_live: bool) -> impl IntoView {
    let root = NodeRef::<Div>::new();
    release_with(root);
    let clock = use_clock();
    let position = tap.position;
    let view = RwSignal::new(tap);
    let is_paused = RwSignal::new(false);
    if let Some(topic) = topic.parse::<Topic>().ok().filter(|_| is_live) {
        follow(topic, position, move |events| {
            view.update(|view| {
                events.iter().for_each(|event| view.apply(event));
                if !is_paused.get_untracked() && is_at_top() {
                    view.take_in();
                }
            });
        });
    }
    let pause = move |_| {
        is_paused.update(|is_paused| *is_paused = !*is_paused);
        if !is_paused.get_untracked() {
            view.update(TapView::take_in);
        }
    };
    let show_new = move |_| {
        view.update(TapView::take_in);
        to_top();
    };
    let rows = Memo::new(move |_| view.with(|view| view.rows.clone()));
    let new = Memo::new(move |_| view.with(TapView::new_count));
    let let_go = Memo::new(move |_| view.with(|view| view.let_go));
    let (named, after) = if is_live { (Some(topic), Some(position.to_string())) } else { (None, None) };
    view! {
        <div node_ref=root data-topic=named data-after=after>
            {is_live
                .then(|| {
                    view! {
                        <p class="tap-tools needs-script">
                            <button
                                type="button"
                                class="button"
                                aria-pressed=move || is_paused.get().to_string()
                                on:click=pause
                            >
                                {move || if is_paused.get() { "Resume" } else { "Pause" }}
                            </button>
                            <span class="quiet" role="status">
                                {move || if is_paused.get() { "Paused: what comes waits." } else { "New events show at once." }}
                            </span>
                            <button type="button" class="button tap-new" hidden=move || new.get() == 0 on:click=show_new>
                                {move || format!("{} new", format::count(new.get()))}
                            </button>
                            <span class="quiet" hidden=move || let_go.get() == 0>
                                {move || format!("of which the first {} are read from the log only", format::count(let_go.get()))}
                            </span>
                        </p>
                    }
                })}
            <TapTable rows clock caption="Events, newest first" />
        </div>
    }
}
