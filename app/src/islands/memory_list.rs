//! What agents remember, as it happens.

use crate::{
    components::{FeedTools, When, follow_feed},
    href,
    live::{release_with, use_clock},
};
use leptos::{html::Div, prelude::*};
use protocol::{
    Topic,
    event::MemoryAction,
    view::{Feed, MemoryRow},
};

#[island]
pub fn MemoryList(feed: Feed<MemoryRow>, is_live: bool) -> impl IntoView {
    let root = NodeRef::<Div>::new();
    release_with(root);
    let clock = use_clock();
    let after = is_live.then(|| feed.position.to_string());
    let (feed, is_paused) = follow_feed(is_live.then_some(Topic::MemoryTimeline), feed, MemoryRow::of);
    let rows = Memo::new(move |_| feed.with(|feed| feed.rows.clone()));
    let row = move |row: MemoryRow| {
        let MemoryRow { position, memory, .. } = row;
        let at = Signal::stored(memory.timestamp);
        let name = match position {
            Some(position) => {
                view! { <a href=href::event(position, Some(&Topic::MemoryTimeline))>{memory.memory_id.clone()}</a> }
                    .into_any()
            }
            None => memory.memory_id.clone().into_any(),
        };
        let content = memory.content.unwrap_or_default();
        view! {
            <tr>
                <td>{word(memory.action)}</td>
                <td title=memory.memory_id.clone()>{name}</td>
                <td class="stream-text" title=content.clone()>{content.clone()}</td>
                <td class="wide quiet">{memory.tags.join(", ")}</td>
                <td class="wide quiet">{memory.agent_id}</td>
                <td class="end wide number">{format!("{:.2}", memory.importance)}</td>
                <td class="end"><When at clock /></td>
            </tr>
        }
    };
    view! {
        <div node_ref=root data-topic=is_live.then(|| Topic::MemoryTimeline.to_string()) data-after=after>
            {is_live.then(|| view! { <FeedTools feed is_paused /> })}
            <table class="table stream-table memory-table">
                <caption class="visually-hidden">"Memory, newest first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Was"</th>
                        <th scope="col">"Memory"</th>
                        <th scope="col">"Content"</th>
                        <th scope="col" class="wide">"Tags"</th>
                        <th scope="col" class="wide">"Agent"</th>
                        <th scope="col" class="end wide">"Importance"</th>
                        <th scope="col" class="end">"When"</th>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || rows.get() key=|row| (row.position, row.id) children=row />
                </tbody>
            </table>
        </div>
    }
}

fn word(action: MemoryAction) -> &'static str {
    match action {
        MemoryAction::Created => "Created",
        MemoryAction::Updated => "Updated",
        MemoryAction::Accessed => "Accessed",
        MemoryAction::Deleted => "Deleted",
    }
}
