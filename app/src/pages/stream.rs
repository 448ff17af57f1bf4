//! Pages of a topic that is a list: newest first, older ones a page away.

use crate::href;
use leptos::prelude::*;
use leptos_router::params::ParamsMap;
use protocol::{Envelope, Position, Problem, Topic, api::EventQuery, view::Feed};
use runtime::Api;

/// Rows of a page.
const PAGE: u32 = 100;

pub(super) struct Page<R> {
    pub(super) feed: Feed<R>,
    pub(super) older: Option<Position>,
}

/// Where the page begins; the newest page has none.
pub(super) fn through(map: &ParamsMap) -> Option<Position> {
    map.get("through").and_then(|text| text.parse().ok()).map(Position)
}

pub(super) async fn page<R>(
    api: &Api,
    topic: &Topic,
    through: Option<Position>,
    row: fn(&Envelope) -> Option<R>,
) -> Result<Page<R>, Problem> {
    let query = EventQuery {
        topic: Some(topic.to_string()),
        through: through.map(|position| position.0),
        newest_first: true,
        limit: Some(PAGE),
        ..EventQuery::default()
    };
    let page = api.events(query).await?;
    Ok(Page { feed: Feed::new(page.events.iter().filter_map(row).collect(), page.through), older: page.next })
}

#[component]
pub(super) fn Pages(
    place: &'static str,
    through: Option<Position>,
    older: Option<Position>,
    topic: Topic,
) -> impl IntoView {
    let older = older.map(|position| href::with_fields(place, vec![("through", position.to_string())]));
    view! {
        <nav class="pager" aria-label="Pages">
            {through.map(|_| view! { <a class="button" href=place>"Newest"</a> })}
            {older.map(|href| view! { <a class="button" rel="next" href=href>"Older"</a> })}
            <a class="quiet" href=href::topic_events(&topic)>"In the tap"</a>
        </nav>
    }
}
