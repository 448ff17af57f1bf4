//! `/events/:position`: one event, whole, with what led to it and what it led to.

use super::{
    event_query::narrower,
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
use leptos_router::hooks::{use_params_map, use_query_map};
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
    /// What it was asked for under, if not under that of all events.
    topic: Option<Topic>,
    cause: Option<Envelope>,
    effects: Vec<Envelope>,
    /// The topic of both.
    near: Option<Topic>,
    head: Position,
}

#[component]
pub(crate) fn Event() -> impl IntoView {
    let api = expect_context::<Api>();
    let position = use_params_map().read_untracked().get("position").unwrap_or_default();
    let topic = use_query_map().read_untracked().get("topic").filter(|topic| !topic.is_empty());
    Suspend::new(async move {
        match load(&api, &position, topic).await {
            Ok(loaded) => view! { <Page loaded /> }.into_any(),
            Err(problem) => view! { <ProblemPage area=Some(Area::Events) problem /> }.into_any(),
        }
    })
}

async fn load(api: &Api, position: &str, asked: Option<String>) -> Result<Loaded, Problem> {
    let missing =
        || Problem::not_found("event", position, "look in the list of events; old ones may have been removed");
    let at: u64 = position.parse().ok().filter(|at| *at > 0).ok_or_else(missing)?;
    let topic = asked.as_deref().and_then(narrower);
    let one =
        EventQuery { topic: asked, after: Some(at - 1), through: Some(at), limit: Some(1), ..EventQuery::default() };
    let event = api.events(one).await?.events.pop().ok_or_else(missing)?;
    // An execution has its own index; what else belongs together is found by its id.
    let execution = event.event.execution_id().map(Topic::Execution);
    let correlation_id = execution.is_none().then(|| event.correlation_id.clone()).flatten();
    let belongs = execution.is_some() || correlation_id.is_some();
    let near_topic = execution.or_else(|| topic.clone());
    let near = EventQuery {
        topic: near_topic.as_ref().map(Topic::to_string),
        correlation_id,
        limit: Some(NEAR),
        ..EventQuery::default()
    };
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
    // Links stay under a topic only where one was asked for.
    let near = near_topic.filter(|_| topic.is_some());
    Ok(Loaded { event, position: Position(at), topic, cause, effects, near, head: api.health().await?.position })
}

#[component]
fn Page(loaded: Loaded) -> impl IntoView {
    let Loaded { event, position, topic, cause, effects, near, head } = loaded;
    let (topic, near) = (topic.as_ref(), near.as_ref());
    let kind = event.event.name().to_owned();
    let title = format!("{kind} at {position}");
    let whole = serde_json::to_string_pretty(&event).unwrap_or_default();
    let through = |after: u64, through: u64| {
        let mut fields = href::topic_field(topic);
        fields.extend([("after", after.to_string()), ("through", through.to_string())]);
        fields
    };
    let json = href::with_fields("/api/v1/events", through(position.0 - 1, position.0));
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
            <dd><a href=href::events_of(&id, topic)><code>{id.clone()}</code></a></dd>
        }
    });
    let causation = event.causation_id.clone().map(|id| {
        let named = match &cause {
            Some(cause) => line(cause, near),
            None => view! { <code>{id}</code> }.into_any(),
        };
        view! {
            <dt>"Caused by"</dt>
            <dd>{named}</dd>
        }
    });
    let led = (!effects.is_empty()).then(|| {
        let lines = effects.iter().map(|effect| view! { <li>{line(effect, near)}</li> }).collect_view();
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
    let before = Some(Position(position.0 - 1)).filter(|before| before.0 > 0);
    let after = Some(Position(position.0 + 1)).filter(|after| *after <= head);
    let preview = Signal::stored(Preview { bytes: whole.len() as u64, text: cut(whole) });
    // Positions beside it may be of other topics.
    let (before, after) = (before.filter(|_| topic.is_none()), after.filter(|_| topic.is_none()));
    let window = href::with_fields(href::EVENT_REPLAY, through(position.0.saturating_sub(50), position.0 + 50));
    view! {
        <Frame area=Some(Area::Events) title=title.clone() crumbs=vec![(title, href::event(position, topic))]>
            <header class="page-head">
                <div class="page-head-text">
                    <h1 tabindex="-1"><code>{kind}</code></h1>
                    <p class="answer">{summary(&event.event)}</p>
                </div>
                <div class="page-tools">
                    {before.map(|before| view! { <a class="button" rel="prev" href=href::event(before, None)>"Before"</a> })}
                    {after.map(|after| view! { <a class="button" rel="next" href=href::event(after, None)>"After"</a> })}
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
fn line(event: &Envelope, topic: Option<&Topic>) -> AnyView {
    let position = event.position.unwrap_or_default();
    let step = event.event.step().map(|step| format!(" {step}"));
    view! {
        <a href=href::event(position, topic)>
            <code>{event.event.name().to_owned()}</code>
            {step}
        </a>
        <span class="quiet number">" at " {position.to_string()}</span>
    }
    .into_any()
}
