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

/// `topic`: `None` is that of all events. `is_live`: a page of the past shows no news.
#[island]
pub fn EventTap(feed: Feed<TapRow>, filter: EventFilter, topic: Option<Topic>, is_live: bool) -> impl IntoView {
    let root = NodeRef::<Div>::new();
    release_with(root);
    let clock = use_clock();
    let after = is_live.then(|| feed.position.to_string());
    let followed = is_live.then(|| topic.clone().unwrap_or(Topic::Events));
    let name = followed.as_ref().map(Topic::to_string);
    let (feed, is_paused) = follow_feed(followed, feed, move |event| filter.matches(event).then(|| TapRow::of(event)));
    let rows = Memo::new(move |_| feed.with(|feed| feed.rows.clone()));
    view! {
        <div node_ref=root data-topic=name data-after=after>
            {is_live.then(|| view! { <FeedTools feed is_paused /> })}
            <TapTable rows topic clock caption="Events, newest first" />
        </div>
    }
}
