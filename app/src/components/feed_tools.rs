//! Rows that come in: pause, resume, and what waits.

use crate::{
    format,
    live::{follow, is_at_top, to_top},
};
use leptos::prelude::*;
use protocol::{Envelope, Topic, view::Feed};

/// Rows and whether they are paused, as a topic moves them on. New ones wait while paused or read further down.
pub(crate) fn follow_feed<R: Send + Sync + 'static>(
    topic: Option<Topic>,
    feed: Feed<R>,
    row: impl Fn(&Envelope) -> Option<R> + 'static,
) -> (RwSignal<Feed<R>>, RwSignal<bool>) {
    let position = feed.position;
    let (feed, is_paused) = (RwSignal::new(feed), RwSignal::new(false));
    if let Some(topic) = topic {
        follow(topic, position, move |events| {
            feed.update(|feed| {
                events.iter().for_each(|event| feed.apply(event, &row));
                if !is_paused.get_untracked() && is_at_top() {
                    feed.take_in();
                }
            });
        });
    }
    (feed, is_paused)
}

/// While `is_paused`, whoever fills `feed` lets it wait.
#[component]
pub(crate) fn FeedTools<R: Send + Sync + 'static>(feed: RwSignal<Feed<R>>, is_paused: RwSignal<bool>) -> impl IntoView {
    let pause = move |_| {
        is_paused.update(|is_paused| *is_paused = !*is_paused);
        if !is_paused.get_untracked() {
            feed.update(Feed::take_in);
        }
    };
    let show_new = move |_| {
        feed.update(Feed::take_in);
        to_top();
    };
    let new = Memo::new(move |_| feed.with(Feed::new_count));
    let let_go = Memo::new(move |_| feed.with(|feed| feed.let_go));
    view! {
        <p class="tap-tools needs-script">
            <button type="button" class="button" aria-pressed=move || is_paused.get().to_string() on:click=pause>
                {move || if is_paused.get() { "Resume" } else { "Pause" }}
            </button>
            <span class="quiet" role="status">
                {move || if is_paused.get() { "Paused: what comes waits." } else { "What comes shows at once." }}
            </span>
            <span class="quiet" hidden=move || let_go.get() == 0>
                {move || format!("The first {} of the new are in the log only.", format::count(let_go.get()))}
            </span>
            <button type="button" class="button tap-new" hidden=move || new.get() == 0 on:click=show_new>
                {move || format!("{} new", format::count(new.get()))}
            </button>
        </p>
    }
}
