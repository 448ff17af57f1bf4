//! `/memory`: what agents remember, on a line of time.

use super::{
    frame::{Area, Frame},
    problem::ProblemPage,
    stream::{self, Pages},
};
use crate::{components::Empty, href, islands::MemoryList};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use protocol::{Topic, view::MemoryRow};
use runtime::Api;

#[component]
pub(crate) fn Memory() -> impl IntoView {
    let api = expect_context::<Api>();
    let through = stream::through(&use_query_map().read_untracked());
    Suspend::new(async move {
        let page = match stream::page(&api, &Topic::MemoryTimeline, through, MemoryRow::of).await {
            Ok(page) => page,
            Err(problem) => return view! { <ProblemPage area=Some(Area::Memory) problem /> }.into_any(),
        };
        let is_empty = page.feed.rows.is_empty();
        view! {
            <Frame area=Some(Area::Memory) title="Memory">
                <header class="page-head">
                    <div class="page-head-text">
                        <h1 tabindex="-1">"Memory"</h1>
                        <p class="answer">"What agents stored, read, changed and forgot, newest first."</p>
                    </div>
                </header>
                <section class="panel" aria-label="Memory">
                    <MemoryList feed=page.feed is_live=through.is_none() />
                    {is_empty
                        .then(|| {
                            view! {
                                <Empty title="No agent has remembered anything yet.">
                                    <p>"A program tells of it:"</p>
                                    <p><code>"signalbox publish memory_timeline memoryId=m-1 action=created importance=0.5 'tags=[]'"</code></p>
                                </Empty>
                            }
                        })}
                </section>
                <Pages place=href::MEMORY through older=page.older topic=Topic::MemoryTimeline />
            </Frame>
        }
        .into_any()
    })
}
