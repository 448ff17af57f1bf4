//! `/executions/:id/events`: the whole history, page by page.

use super::{
    execution::parse,
    frame::{Area, Frame},
    problem::ProblemPage,
};
use crate::{components::Empty, format::short_id, href, islands::EventTable};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use protocol::{Position, Problem, view::EventRow};
use runtime::Api;

/// Events on a page.
const PAGE: u32 = 200;

#[component]
pub(crate) fn ExecutionEvents() -> impl IntoView {
    let api = expect_context::<Api>();
    let id = use_params_map().read_untracked().get("id").unwrap_or_default();
    let after = use_query_map().read_untracked().get("after").and_then(|text| text.parse().ok()).unwrap_or(0);
    Suspend::new(async move {
        let loaded = async {
            let id = parse(&id)?;
            let summary = api.execution(id).await?.summary;
            Ok::<_, Problem>((summary, api.execution_events(id, Position(after), PAGE).await?))
        };
        let (summary, page) = match loaded.await {
            Ok(loaded) => loaded,
            Err(problem) => return view! { <ProblemPage area=Some(Area::Executions) problem /> }.into_any(),
        };
        let id = summary.execution_id;
        let rows: Vec<EventRow> = page.events.iter().filter_map(EventRow::of).collect();
        let name = format!("{} {}", summary.path, short_id(id));
        let crumbs = vec![(name.clone(), href::execution(id)), ("Events".to_owned(), href::execution_events(id))];
        let next = page.next.map(|position| format!("{}?after={position}", href::execution_events(id)));
        view! {
            <Frame area=Some(Area::Executions) title=format!("Events of {name}") crumbs>
                <header class="page-head">
                    <h1 tabindex="-1">"Events of " {summary.path}</h1>
                </header>
                <section class="panel" aria-label="Events">
                    {if rows.is_empty() {
                        view! {
                            <Empty title="No events after this.">
                                <p>
                                    <a class="button" href=href::execution(id)>"Back to the execution"</a>
                                </p>
                            </Empty>
                        }
                            .into_any()
                    } else {
                        view! { <EventTable rows /> }.into_any()
                    }}
                </section>
                <nav class="pager" aria-label="Pages">
                    {(after > 0).then(|| view! { <a class="button" href=href::execution_events(id)>"First"</a> })}
                    {next.map(|href| view! { <a class="button" rel="next" href=href>"Later"</a> })}
                    <a class="quiet" rel="external" href=href::execution_events_json(id)>"As JSON"</a>
                </nav>
            </Frame>
        }
        .into_any()
    })
}
