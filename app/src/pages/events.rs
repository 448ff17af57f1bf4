//! `/events`: everything that happens, as it happens. The filters are the query string.

use super::{
    event_query::{Asked, FilterForm, same_query},
    frame::{Area, Frame},
    problem::{FormProblem, ProblemPage},
};
use crate::{components::Empty, format, href, islands::EventTap};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use protocol::{
    Position, Problem, Topic, TopicKind,
    api::{EventFilter, EventQuery},
    view::{Feed, TapRow},
};
use runtime::Api;

/// Events on a page.
const PAGE: u32 = 100;

struct Loaded {
    feed: Feed<TapRow>,
    filter: EventFilter,
    /// Where the page before this one in time goes on.
    older: Option<Position>,
    head: Position,
}

#[component]
pub(crate) fn Events() -> impl IntoView {
    let api = expect_context::<Api>();
    let asked = Asked::of(&use_query_map().read_untracked());
    Suspend::new(async move {
        let (loaded, problem) = match load(&api, &asked).await {
            Ok(loaded) => (Some(loaded), None),
            // What was entered wrongly is told at the form.
            Err(problem) if problem.status == 400 => (None, Some(problem)),
            Err(problem) => return view! { <ProblemPage area=Some(Area::Events) problem /> }.into_any(),
        };
        let is_live = asked.is_live();
        let head = loaded.as_ref().map(|loaded| loaded.head);
        let older = loaded.as_ref().and_then(|loaded| loaded.older);
        let older = older.map(|position| asked.clone().through(Some(position)).href());
        let newest = asked.through.is_some().then(|| asked.clone().through(None).href());
        let topic = asked.narrower();
        let is_of_all = topic.is_none();
        let whole = if is_of_all { "Every event that is kept" } else { "Every event of this topic" };
        let cleared = asked.cleared();
        let all = (asked != cleared).then(|| cleared.href());
        let looks_on = older.is_some();
        let lines = same_query(&asked);
        let list = loaded.map(|loaded| {
            let is_empty = loaded.feed.rows.is_empty();
            let is_filtered = asked.is_filtered();
            view! {
                <section class="panel" aria-label="Events">
                    <EventTap feed=loaded.feed filter=loaded.filter topic is_live />
                    {is_empty.then(|| view! { <Nothing is_filtered all=all.clone() looks_on /> })}
                </section>
            }
        });
        view! {
            <Frame area=Some(Area::Events) title="Events">
                <header class="page-head">
                    <div class="page-head-text">
                        <h1 tabindex="-1">"Events"</h1>
                        <p class="answer">
                            {head.map(|head| view! {
                                <span>{whole} ", newest first; the log is at " <b class="number">{format::count(head.0)}</b> "."</span>
                            })}
                            {is_of_all.then(|| view! { <Unlogged /> })}
                        </p>
                    </div>
                    <div class="page-tools">
                        <a class="button" href=asked.replay_href()>"Replay a window"</a>
                    </div>
                </header>
                {problem.map(|problem| view! { <FormProblem problem source="" /> })}
                <FilterForm asked=asked.clone() action=href::EVENTS />
                {list}
                <nav class="pager" aria-label="Pages">
                    {newest.map(|href| view! { <a class="button" href=href>"Newest"</a> })}
                    {older.map(|href| view! { <a class="button" rel="next" href=href>"Older"</a> })}
                    <a class="quiet" rel="external" href=asked.json_href()>"As JSON"</a>
                </nav>
                {lines}
            </Frame>
        }
        .into_any()
    })
}

async fn load(api: &Api, asked: &Asked) -> Result<Loaded, Problem> {
    let head = api.health().await?.position;
    let mut query = asked.query()?;
    // What comes while the page is made, comes to it over the socket.
    query.through = Some(asked.through.unwrap_or(head).min(head).0);
    let filter = query.filter();
    let page = api.events(EventQuery { newest_first: true, limit: Some(PAGE), ..query }).await?;
    let rows = page.events.iter().map(TapRow::of).collect();
    Ok(Loaded { feed: Feed::new(rows, head), filter, older: page.next, head })
}

/// What the topic of all events does not have: it comes too often, and would drive out what it stands beside.
#[component]
fn Unlogged() -> impl IntoView {
    let of = |topic: Topic, name: &'static str| view! { <a href=href::topic_events(&topic)>{name}</a> };
    view! {
        <span class="note">
            "What is measured meanwhile is in no log, and shows under its own topic: "
            {of(Topic::PerformanceMetrics, "measurements")} ", "
            {of(Topic::AgentStates, "the load of agents")} ", "
            {of(Topic::All(TopicKind::Execution), "the progress of tasks")} "."
        </span>
    }
}

#[component]
fn Nothing(is_filtered: bool, all: Option<String>, looks_on: bool) -> impl IntoView {
    match (is_filtered, looks_on) {
        (_, true) => view! {
            <Empty title="None so far back.">
                <p>"A page looks through so many events and no more: \"Older\" looks on."</p>
            </Empty>
        }
        .into_any(),
        (true, false) => view! {
            <Empty title="No event matches.">
                {all.map(|all| view! { <p><a class="button" href=all>"Show all"</a></p> })}
            </Empty>
        }
        .into_any(),
        (false, false) => view! {
            <Empty title="Nothing has happened yet.">
                <p>
                    <a class="button primary" href=href::PLAYBOOKS>"Choose a playbook to run"</a>
                    " or, in a terminal, "
                    <code>"signalbox run samples/hello"</code>
                </p>
            </Empty>
        }
        .into_any(),
    }
}
