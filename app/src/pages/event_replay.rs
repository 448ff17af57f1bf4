//! `/events/replay`: a window of the log, by position or time, played again in its order and pace.

use super::{
    event_query::{Asked, FilterForm, same_query},
    frame::{Area, Frame},
    problem::{FormProblem, ProblemPage},
};
use crate::{components::Empty, format, href, islands::EventReplay as Player};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use protocol::{
    Position, Problem,
    api::{EventPage, EventQuery},
    view::TapRow,
};
use runtime::Api;

/// Events of one window; the next one goes on where it ends.
const WINDOW: u32 = 1_000;

#[component]
pub(crate) fn EventReplay() -> impl IntoView {
    let api = expect_context::<Api>();
    let map = use_query_map();
    let asked = Asked::of(&map.read_untracked());
    let speed = map.read_untracked().get("speed").and_then(|text| text.parse().ok()).unwrap_or(1);
    Suspend::new(async move {
        let (page, problem) = match load(&api, &asked).await {
            Ok(page) => (page, None),
            Err(problem) if problem.status == 400 => {
                (EventPage { events: Vec::new(), next: None, through: Position(0) }, Some(problem))
            }
            Err(problem) => return view! { <ProblemPage area=Some(Area::Events) problem /> }.into_any(),
        };
        let rows: Vec<TapRow> = page.events.iter().map(TapRow::of).collect();
        let said = match (rows.first(), rows.last()) {
            (Some(first), Some(last)) => {
                let took = format::duration(last.time.ms_since(first.time));
                format!("{} events, {took} from the first to the last.", format::count(rows.len() as u64))
            }
            _ => "No event of the log is in this window.".to_owned(),
        };
        let next = page.next.map(|position| {
            href::with_fields(href::EVENT_REPLAY, Asked { after: Some(position), ..asked.clone() }.fields())
        });
        let is_empty = rows.is_empty();
        let newest = asked.cleared().href();
        let topic = asked.narrower();
        let lines = same_query(&asked);
        let (after, through) = (asked.after, asked.through);
        view! {
            <Frame
                area=Some(Area::Events)
                title="Replay"
                crumbs=vec![("Replay".to_owned(), href::EVENT_REPLAY.to_owned())]
            >
                <header class="page-head">
                    <div class="page-head-text">
                        <h1 tabindex="-1">"Replay"</h1>
                        <p class="answer">{said}</p>
                    </div>
                </header>
                {problem.map(|problem| view! { <FormProblem problem source="" /> })}
                <FilterForm asked=asked.clone() action=href::EVENT_REPLAY>
                    <PositionField id="replay-after" name="after" label="After position" value=after />
                    <PositionField id="replay-through" name="through" label="Up to position" value=through />
                </FilterForm>
                <section class="panel" aria-label="Events of the window">
                    {if is_empty {
                        view! {
                            <Empty title="Nothing to play.">
                                <p>"Choose a window that has events, such as the last 24 h, or " <a href=newest>"look at the newest"</a> "."</p>
                            </Empty>
                        }
                        .into_any()
                    } else {
                        view! { <Player rows topic speed /> }.into_any()
                    }}
                </section>
                <nav class="pager" aria-label="Pages">
                    {next.map(|href| view! { <a class="button" rel="next" href=href>"The window after this"</a> })}
                    <a class="quiet" rel="external" href=asked.json_href()>"As JSON"</a>
                </nav>
                {lines}
            </Frame>
        }
        .into_any()
    })
}

async fn load(api: &Api, asked: &Asked) -> Result<EventPage, Problem> {
    api.events(EventQuery { limit: Some(WINDOW), ..asked.query()? }).await
}

#[component]
fn PositionField(id: &'static str, name: &'static str, label: &'static str, value: Option<Position>) -> impl IntoView {
    view! {
        <label class="tap-field">
            <span>{label}</span>
            <input
                class="field"
                id=id
                name=name
                value=value.map(|position| position.to_string()).unwrap_or_default()
                inputmode="numeric"
                pattern="[0-9]*"
                autocomplete="off"
            />
        </label>
    }
}
