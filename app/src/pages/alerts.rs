//! `/alerts`: what is wrong, and what was.

use super::{
    frame::{Area, Frame},
    problem::ProblemPage,
    stream::{self, Pages},
};
use crate::{components::Empty, href, islands::AlertList};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use protocol::{Topic, view::AlertRow};
use runtime::Api;

#[component]
pub(crate) fn Alerts() -> impl IntoView {
    let api = expect_context::<Api>();
    let through = stream::through(&use_query_map().read_untracked());
    Suspend::new(async move {
        let page = match stream::page(&api, &Topic::SystemAlerts, through, AlertRow::of).await {
            Ok(page) => page,
            Err(problem) => return view! { <ProblemPage area=Some(Area::Alerts) problem /> }.into_any(),
        };
        let is_empty = page.feed.rows.is_empty();
        view! {
            <Frame area=Some(Area::Alerts) title="Alerts">
                <header class="page-head">
                    <div class="page-head-text">
                        <h1 tabindex="-1">"Alerts"</h1>
                        <p class="answer">"What this server and other programs found wrong, newest first."</p>
                    </div>
                </header>
                <section class="panel" aria-label="Alerts">
                    <AlertList feed=page.feed is_live=through.is_none() />
                    {is_empty
                        .then(|| {
                            view! {
                                <Empty title="Nothing is wrong.">
                                    <p>"Work that does not move is told of here, and so is what a program publishes:"</p>
                                    <p><code>"signalbox publish system_alert severity=warning component=db message=slow"</code></p>
                                </Empty>
                            }
                        })}
                </section>
                <Pages place=href::ALERTS through older=page.older topic=Topic::SystemAlerts />
            </Frame>
        }
        .into_any()
    })
}
