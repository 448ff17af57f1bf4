//! `/events/:position`: one event, whole, with what led to it and what it led to.

use super::{
    frame::{Area, Frame},
    problem::ProblemPage,
};
use crate::{
    components::JsonBlock,
    format::{self, Zone},
    href,
    islands::TimeAgo,
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use protocol::{
    Envelope, EventId, Position, Problem, Topic,
    api::EventQuery,
    view::{Preview, summary},
};
use runtime::Api;

/// How far causes and effects are looked for, in events of the same correlation.
const NEAR: u32 = 500;

/// Bytes of an envelope on the page; the whole is one request away.
const LONGEST: usize = 64 << 10;

struct Loaded {
    event: Envelope,
    position: Position,
    cause: Option<Envelope>,
    effects: Vec<Envelope>,
    head: Position,
}

#[component]
pub(crate) fn Event() -> impl IntoView {
    let api = expect_context::<Api>();
    let position = use_params_map().read_untracked().get("position").unwrap_or_default();
    Suspend::new(async move {
        match load(&api, &position).await {
            Ok(loaded) => view! { <Page loaded /> }.into_any(),
            Err(problem) => view! { <ProblemPage area=Some(Area::Events) problem /> }.into_any(),
        }
    })
}

async fn load(api: &Api, position: &str) -> Result<Loaded, Problem> {
    let missing =
        || Problem::not_found("event", position, "look in the list of events; old ones may have been removed");
    let at: u64 = position.parse().ok().filter(|at| *at > 0).ok_or_else(missing)?;
    let one = EventQuery { after: Some(at - 1), through: Some(at), limit: Some(1), ..EventQuery::default() };
    let event = api.events(one).await?.events.pop().ok_or_else(missing)?;
    let near = EventQuery {
        // An execution has its own index; what else belongs together is found by its id.
        topic: event.event.execution_id().map(|id| Topic::Execution(id).to_string()),
        correlation_id: event.event.execution_id().is_none().then(|| event.correlation_id.clone()).flatten(),
        limit: Some(NEAR),
        ..EventQuery::default()
    };
    let belongs = near.topic.is_some() || near.correlation_id.is_some();
    let (mut cause, mut effects) = (None, Vec::new());
    if belongs {
        let before = EventQuery { through: Some(at - 1), newest_first: true, ..near.clone() };
        let after = EventQuery { after: Some(at), ..near };
        if let Some(id) = &event.causation_id {
            cause = api.events(before).await?.events.into_iter().find(|known| known.id.to_string() == *id);
        }
        effects = api.events(after).await?.events;
        effects.retain(|known| known.causation_id.as_deref() == Some(&event.id.to_string()));
    }
    Ok(Loaded { event, position: Position(at), cause, effects, head: api.health().await?.position })
}

#[component]
fn Page(loaded: Loaded) -> impl IntoView {
    let Loaded { event, position, cause, effects, head } = loaded;
    let kind = event.event.name().to_owned();
    let title = format!("{kind} at {position}");
    let whole = serde_json::to_string_pretty(&event).unwrap_or_default();
    let json = href::with_fields(
        "/api/v1/events",
        vec![("after", (position.0 - 1).to_string()), ("through", position.to_string())],
    );
    let execution = event.event.execution_id().map(|id| {
        let step = event.event.step().map(str::to_owned);
        view! {
            <dt>"Execution"</dt>
            <dd><a href=href::execution(id)><code>{id.to_string()}</code></a></dd>
            {step
                .map(|step| {
                    let anchor = format!("{}#{}", href::execution(id), href::step_anchor(&step));
                    view! {
                        <dt>"Step"</dt>
                        <dd><a href=anchor>{step}</a></dd>
                    }
                })}
        }
    });
    let correlation = event.correlation_id.clone().map(|id| {
        view! {
            <dt>"Correlation"</dt>
            <dd><a href=href::events_of(&id)><code>{id.clone()}</code></a></dd>
        }
    });
    let causation = event.causation_id.clone().map(|id| {
        let named = match &cause {
            Some(cause) => line(cause),
            None => view! { <code>{id}</code> }.into_any(),
        };
        view! {
            <dt>"Caused by"</dt>
            <dd>{named}</dd>
        }
    });
    let led = (!effects.is_empty()).then(|| {
        let lines = effects.iter().map(|effect| view! { <li>{line(effect)}</li> }).collect_view();
        view! {
            <dt>"Led to"</dt>
            <dd><ul class="event-effects">{lines}</ul></dd>
        }
    });
    let trace = event.traceparent.clone().map(|text| {
        view! {
            <dt>"Trace"</dt>
            <dd><code>{text}</code></dd>
        }
    });
    let at = event.time;
    let (before, after) = (Position(position.0 - 1), Position(position.0 + 1));
    let preview = Signal::stored(Preview { bytes: whole.len() as u64, text: cut(whole) });
    let window = href::with_fields(
        href::EVENT_REPLAY,
        vec![("after", position.0.saturating_sub(50).to_string()), ("through", (position.0 + 50).to_string())],
    );
    view! {
        <Frame area=Some(Area::Events) title=title.clone() crumbs=vec![(title, href::event(position))]>
            <header class="page-head">
                <div class="page-head-text">
                    <h1 tabindex="-1"><code>{kind}</code></h1>
                    <p class="answer">{summary(&event.event)}</p>
                </div>
                <div class="page-tools">
                    {(before.0 > 0).then(|| view! { <a class="button" rel="prev" href=href::event(before)>"Before"</a> })}
                    {(after <= head).then(|| view! { <a class="button" rel="next" href=href::event(after)>"After"</a> })}
                    <a class="button" href=window>"Replay around it"</a>
                </div>
            </header>
            <div class="columns">
                <section class="panel" aria-labelledby="event-facts">
                    <h2 id="event-facts" class="panel-title">"What it is"</h2>
                    <dl class="facts">
                        <dt>"Position"</dt>
                        <dd class="number">{position.to_string()}</dd>
                        <dt>"Time"</dt>
                        <dd class="number">{format::exact(at, Zone::Utc)} ", " <TimeAgo at /></dd>
                        <dt>"Id"</dt>
                        <dd><code>{id_of(event.id)}</code></dd>
                        {execution}
                        {correlation}
                        {causation}
                        {led}
                        {trace}
                    </dl>
                </section>
                <section class="panel" aria-labelledby="event-whole">
                    <h2 id="event-whole" class="panel-title">"The whole envelope"</h2>
                    <JsonBlock preview whole=json.clone() />
                </section>
            </div>
            <nav class="pager" aria-label="Pages">
                <a class="quiet" rel="external" href=json>"As JSON"</a>
            </nav>
        </Frame>
    }
}

/// What a page shows of an envelope.
fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(LONGEST));
    text
}

fn id_of(id: EventId) -> String {
    id.to_string()
}

/// Another event, to go to.
fn line(event: &Envelope) -> AnyView {
    let position = event.position.unwrap_or_default();
    let step = event.event.step().map(|step| format!(" {step}"));
    view! {
        <a href=href::event(position)>
            <code>{event.event.name().to_owned()}</code>
            {step}
        </a>
        <span class="quiet number">" at " {position.to_string()}</span>
    }
    .into_any()
}
