//! Whatever passes, while one looks at it.

use crate::{
    components::{FeedTools, TapTable, follow_feed},
    live::{release_with, use_clock},
};
use leptos::{html::Div, prelude::*};
use protocol::{
    Topic,
    api::EventFilter,
    view::{Feed, TapRow},
};

/// `topic`: its name. `is_live`: a page of the past shows no news.
#[island]
pub fn EventTap(feed: Feed<TapRow>, filter: EventFilter, topic: String, is_live: bool) -> impl IntoView {
    let root = NodeRef::<Div>::new();
    release_with(root);
    let clock = use_clock();
    let after = is_live.then(|| feed.position.to_string());
    let followed = topic.parse::<Topic>().ok().filter(|_| is_live);
    let (feed, is_paused) = follow_feed(followed, feed, move |event| filter.matches(event).then(|| TapRow::of(event)));
    let rows = Memo::new(move |_| feed.with(|feed| feed.rows.clone()));
    view! {
        <div node_ref=root data-topic=is_live.then_some(topic) data-after=after>
            {is_live.then(|| view! { <FeedTools feed is_paused /> })}
            <TapTable rows clock caption="Events, newest first" />
        </div>
    }
}
