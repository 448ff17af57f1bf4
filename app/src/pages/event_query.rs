//! What the pages of events are asked for: the fields of their form, and the same query elsewhere.

use super::{
    asked::{AskedField, text, time},
    frame::Area,
    reader,
};
use crate::{href, islands::CopyLine};
use http::{header::HOST, request::Parts};
use leptos::prelude::*;
use leptos_router::params::ParamsMap;
use protocol::{Position, Problem, Topic, api::EventQuery};

/// Topics the field offers to those who may see them, and what they are of; it takes any.
pub(super) const TOPICS: [(Topic, &str); 7] = [
    (Topic::Events, "Everything"),
    (Topic::WorkflowExecutions, "Executions"),
    (Topic::AgentStates, "Agents"),
    (Topic::PerformanceMetrics, "Measurements"),
    (Topic::MemoryTimeline, "Memory"),
    (Topic::SystemAlerts, "Alerts"),
    (Topic::Components, "Components"),
];
/// Types the field offers; it takes any.
const TYPES: [&str; 12] = [
    "execution_start",
    "step_started",
    "action_started",
    "action_completed",
    "action_failed",
    "retry_scheduled",
    "step_completed",
    "step_failed",
    "execution_complete",
    "agent_state",
    "memory_timeline",
    "system_alert",
];

/// The query string, its times as they were entered.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Asked {
    pub(super) topic: Option<String>,
    pub(super) types: Option<String>,
    pub(super) correlation_id: Option<String>,
    pub(super) since: Option<String>,
    pub(super) until: Option<String>,
    pub(super) after: Option<Position>,
    pub(super) through: Option<Position>,
}

impl Asked {
    pub(super) fn of(map: &ParamsMap) -> Self {
        let text = |name: &str| text(map, name);
        let position = |name: &str| text(name).and_then(|text| text.parse().ok()).map(Position);
        Self {
            topic: text("topic"),
            types: text("type"),
            correlation_id: text("correlation_id"),
            since: text("since"),
            until: text("until"),
            after: position("after"),
            through: position("through"),
        }
    }

    pub(super) fn through(self, through: Option<Position>) -> Self {
        Self { through, ..self }
    }

    /// It has no end, so what happens next belongs to it.
    pub(super) fn is_live(&self) -> bool {
        self.through.is_none() && self.until.is_none()
    }

    pub(super) fn is_filtered(&self) -> bool {
        *self != Self::default()
    }

    /// Without filters: all events, or all of the topic to whom that is not theirs.
    pub(super) fn cleared(&self) -> Self {
        Self { topic: self.topic.clone().filter(|_| !Area::Events.is_theirs()), ..Self::default() }
    }

    /// The topic, if it is one and not that of all events.
    pub(super) fn narrower(&self) -> Option<Topic> {
        self.topic.as_deref().and_then(narrower)
    }

    pub(super) fn query(&self) -> Result<EventQuery, Problem> {
        Ok(EventQuery {
            topic: self.topic.clone(),
            types: self.types.clone(),
            correlation_id: self.correlation_id.clone(),
            since: time("since", self.since.as_deref())?,
            until: time("until", self.until.as_deref())?,
            after: self.after.map(|position| position.0),
            through: self.through.map(|position| position.0),
            ..EventQuery::default()
        })
    }

    pub(super) fn fields(&self) -> Vec<(&'static str, String)> {
        let fields = [
            ("topic", self.topic.clone()),
            ("type", self.types.clone()),
            ("correlation_id", self.correlation_id.clone()),
            ("since", self.since.clone()),
            ("until", self.until.clone()),
            ("after", self.after.map(|position| position.to_string())),
            ("through", self.through.map(|position| position.to_string())),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    pub(super) fn href(&self) -> String {
        href::with_fields(href::EVENTS, self.fields())
    }

    pub(super) fn replay_href(&self) -> String {
        href::with_fields(href::EVENT_REPLAY, self.fields())
    }

    /// The same as REST gives it, times as it takes them.
    pub(super) fn json_href(&self) -> String {
        let query = self.query().unwrap_or_default();
        let ms = |name: &str| match name {
            "since" => query.since.map(|ms| ms.to_string()),
            "until" => query.until.map(|ms| ms.to_string()),
            _ => None,
        };
        let fields = self.fields().into_iter().map(|(name, value)| (name, ms(name).unwrap_or(value))).collect();
        href::with_fields("/api/v1/events", fields)
    }

    /// The same on a command line.
    fn command(&self) -> String {
        let mut line = "signalbox events".to_owned();
        for (name, value) in self.fields() {
            let flag = name.replace('_', "-");
            line.push_str(&format!(" --{flag} {}", quoted(&value)));
        }
        if self.is_live() {
            line.push_str(" --follow");
        }
        line
    }
}

/// A topic other than that of all events.
pub(super) fn narrower(name: &str) -> Option<Topic> {
    name.parse().ok().filter(|topic| *topic != Topic::Events)
}

/// As a POSIX shell reads it.
fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:,@+".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// The form of the filters; `action` is the page it leads to.
#[component]
pub(super) fn FilterForm(
    asked: Asked,
    action: &'static str,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let who = reader::who();
    let topics = TOPICS.iter().filter(|(topic, _)| who.as_ref().is_some_and(|who| who.may_see(topic)));
    let topics = topics.map(|(topic, _)| view! { <option value=topic.to_string()></option> }).collect_view();
    let default_topic = if Area::Events.is_theirs() { "events" } else { "choose one" };
    let types = TYPES.iter().map(|kind| view! { <option value=*kind></option> }).collect_view();
    let since = asked.since.clone();
    let chip = |text: &'static str, ago: &'static str| {
        let href = href::with_fields(
            action,
            Asked { since: Some(ago.to_owned()), until: None, through: None, ..asked.clone() }.fields(),
        );
        view! { <a class="filter" href=href aria-current=(since.as_deref() == Some(ago)).then_some("true")>{text}</a> }
    };
    let chips = [chip("15 min", "15m"), chip("1 h", "1h"), chip("24 h", "24h")].collect_view();
    let cleared = asked.cleared();
    let clear = (asked != cleared).then(|| href::with_fields(action, cleared.fields()));
    view! {
        <form class="tap-form" method="get" action=action role="search" aria-label="Filter">
            <AskedField class="tap-field" id="search" name="topic" label="Topic" value=asked.topic.clone() hint=default_topic list="tap-topics" />
            <AskedField class="tap-field" id="tap-type" name="type" label="Type" value=asked.types.clone() hint="any, or a,b,c" list="tap-types" />
            <AskedField class="tap-field" id="tap-correlation" name="correlation_id" label="Correlation id" value=asked.correlation_id.clone() hint="any" />
            <AskedField class="tap-field" id="tap-since" name="since" label="From" value=asked.since.clone() hint="15m, 2026-01-31" />
            <AskedField class="tap-field" id="tap-until" name="until" label="To" value=asked.until.clone() hint="now" />
            <datalist id="tap-topics">{topics}</datalist>
            <datalist id="tap-types">{types}</datalist>
            {children.map(|children| children())}
            <span class="tap-buttons">
                <button class="button primary">"Show"</button>
                {clear.map(|href| view! { <a class="button" href=href>"Clear"</a> })}
            </span>
            <nav class="filter-group" aria-label="Time">{chips}</nav>
        </form>
    }
}

/// The same query for a terminal.
pub(super) fn same_query(asked: &Asked) -> impl IntoView + use<> {
    let host = use_context::<Parts>()
        .and_then(|parts| parts.headers.get(HOST).and_then(|host| host.to_str().ok()).map(str::to_owned))
        .unwrap_or_else(|| "127.0.0.1:9999".to_owned());
    let url = format!("http://{host}{}", asked.json_href());
    view! {
        <section class="panel" aria-labelledby="same-query">
            <h2 id="same-query" class="panel-title">"The same in a terminal"</h2>
            <CopyLine line=asked.command() label="the command line".to_owned() />
            <CopyLine line=format!("curl -sS {}", quoted(&url)) label="curl".to_owned() />
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_says_what_the_page_shows() {
        let some = |text: &str| Some(text.to_owned());
        for (asked, line) in [
            (Asked::default(), "signalbox events --follow"),
            (
                Asked { topic: some("workflow:a b"), types: some("x,y"), until: some("1h"), ..Asked::default() },
                "signalbox events --topic 'workflow:a b' --type x,y --until 1h",
            ),
            (
                Asked { correlation_id: some("it's"), since: some("2h"), ..Asked::default() },
                r"signalbox events --correlation-id 'it'\''s' --since 2h --follow",
            ),
        ] {
            assert_eq!(asked.command(), line);
        }
    }

    #[test]
    fn rest_is_asked_in_milliseconds() {
        let asked = Asked { since: Some("1970-01-01 00:00:05".to_owned()), ..Asked::default() };
        assert_eq!(asked.json_href(), "/api/v1/events?since=5000");
        assert_eq!(asked.href(), "/events?since=1970-01-01%2000%3A00%3A05");
        assert!(Asked { until: Some("now".to_owned()), ..Asked::default() }.query().unwrap().until.is_some());
        assert!(Asked { until: Some("soon".to_owned()), ..Asked::default() }.query().is_err());
    }
}
