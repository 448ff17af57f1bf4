//! What the list of executions is asked for: the filters of its address, and the same list under others.

use super::asked::{AskedField, text, time};
use crate::{
    components::{SearchField, StatusMark, label},
    format::short_id,
    href,
};
use leptos::prelude::*;
use leptos_router::params::ParamsMap;
use protocol::{ExecutionId, Problem, StepStatus, api::ExecutionQuery};

/// What the status filter offers.
const STATUSES: [StepStatus; 5] =
    [StepStatus::Running, StepStatus::Queued, StepStatus::Completed, StepStatus::Failed, StepStatus::Cancelled];
const FIELDS: [&str; 10] =
    ["status", "path", "q", "parent", "rerun_of", "trigger", "since", "until", "cursor", "limit"];
/// What one types into the form; the form keeps the others.
const TYPED: [&str; 3] = ["q", "since", "until"];

/// The query string as it was entered: `since=1h` stays an hour when the page is loaded again.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Asked(Vec<(&'static str, String)>);

impl Asked {
    pub(super) fn of(map: &ParamsMap) -> Self {
        Self(FIELDS.into_iter().filter_map(|name| Some((name, text(map, name)?))).collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// The same with another value of one field, from the first page on.
    pub(super) fn with(&self, name: &'static str, value: Option<&str>) -> Self {
        let mut fields = self.0.clone();
        fields.retain(|(known, _)| !["cursor", name].contains(known));
        fields.extend(value.map(|value| (name, value.to_owned())));
        Self(fields)
    }

    pub(super) fn href(&self) -> String {
        href::with_fields(href::EXECUTIONS, self.0.clone())
    }

    /// Says anything of which executions there are.
    pub(super) fn is_filtered(&self) -> bool {
        self.0.iter().any(|(name, _)| !["cursor", "limit"].contains(name))
    }

    /// # Errors
    /// 400 for what is no time, no id, no number.
    pub(super) fn query(&self) -> Result<ExecutionQuery, Problem> {
        let text = |name| self.get(name).map(str::to_owned);
        Ok(ExecutionQuery {
            status: text("status"),
            path: text("path"),
            q: text("q"),
            parent: self.id("parent")?,
            rerun_of: self.id("rerun_of")?,
            trigger: text("trigger"),
            since: time("since", self.get("since"))?,
            until: time("until", self.get("until"))?,
            cursor: text("cursor"),
            limit: self.get("limit").map(number).transpose()?,
        })
    }

    fn id(&self, name: &'static str) -> Result<Option<ExecutionId>, Problem> {
        let parse = |text: &str| {
            let wrong = |_| {
                Problem::bad_request(
                    "query_parameter",
                    format!("`{name}` is `{text}`; it can be the id of an execution"),
                )
            };
            text.parse().map_err(wrong)
        };
        self.get(name).map(parse).transpose()
    }
}

fn number(text: &str) -> Result<u32, Problem> {
    text.parse()
        .map_err(|_| Problem::bad_request("query_parameter", format!("`limit` is `{text}`; it can be 1 to 500")))
}

/// Links for what is chosen from few, chips for what came with a link, a form for what is typed.
#[component]
pub(super) fn Filters(asked: Asked) -> impl IntoView {
    let value = |name: &str| asked.get(name).map(str::to_owned);
    let kept = asked.0.iter().filter(|(name, _)| !TYPED.contains(name) && *name != "cursor");
    let kept =
        kept.map(|(name, value)| view! { <input type="hidden" name=*name value=value.clone() /> }).collect_view();
    let is_typed = TYPED.iter().any(|name| asked.get(name).is_some());
    let plain = TYPED.into_iter().fold(asked.clone(), |asked, name| asked.with(name, None));
    view! {
        <div class="filters">
            <Statuses asked=asked.clone() />
            <Chips asked=asked.clone() />
            <form class="search execution-search" method="get" action=href::EXECUTIONS role="search" aria-label="Filter">
                {kept}
                <SearchField text=value("q").unwrap_or_default() hint="Playbook or id" label="Search by playbook or id" />
                <AskedField class="filter-time" id="started-since" name="since" label="From" value=value("since") hint="1h, 2026-01-31" />
                <AskedField class="filter-time" id="started-until" name="until" label="To" value=value("until") hint="now" />
                <button class="button">"Show"</button>
                {is_typed.then(|| view! { <a class="button" href=plain.href()>"Clear"</a> })}
            </form>
        </div>
    }
}

#[component]
fn Statuses(asked: Asked) -> impl IntoView {
    let chosen = asked.get("status").unwrap_or_default().to_owned();
    let statuses = STATUSES.map(|status| {
        let is_chosen = chosen.split(',').any(|word| word.trim() == status.word());
        let href = asked.with("status", Some(status.word())).href();
        view! {
            <a class="filter" href=href data-status=status.word() aria-current=is_chosen.then_some("true")>
                <StatusMark status />
                {label(status)}
            </a>
        }
    });
    let all = asked.with("status", None).href();
    let is_all = chosen.is_empty().then_some("true");
    view! {
        <nav class="filter-group" aria-label="Status">
            <a class="filter" href=all aria-current=is_all>"All"</a>
            {statuses.collect_view()}
        </nav>
    }
}

/// What no field says; each is a link that takes it away.
#[component]
fn Chips(asked: Asked) -> impl IntoView {
    let chip = |name: &'static str| {
        let value = asked.get(name)?;
        let shown = match name {
            "path" => format!("Playbook {value}"),
            "rerun_of" => format!("Reruns of {}", short_id(value)),
            "parent" => format!("Children of {}", short_id(value)),
            _ => format!("Started by {value}"),
        };
        let href = asked.with(name, None).href();
        let label = format!("{shown}: remove this filter");
        Some(view! { <a class="filter chip" href=href title=value.to_owned() aria-label=label>{shown} " ✕"</a> })
    };
    let chips: Vec<_> = ["path", "rerun_of", "parent", "trigger"].into_iter().filter_map(chip).collect();
    (!chips.is_empty()).then(|| view! { <div class="filter-group chips">{chips}</div> })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(&str, &str)]) -> Asked {
        Asked::of(&pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn links_keep_the_other_filters_and_leave_the_page() {
        let list = asked(&[("since", "1h"), ("cursor", "x"), ("status", "failed"), ("q", " "), ("other", "1")]);
        for (asked, href) in [
            (list.clone(), "/executions?status=failed&since=1h&cursor=x"),
            (list.with("status", None), "/executions?since=1h"),
            (list.with("cursor", Some("y")), "/executions?status=failed&since=1h&cursor=y"),
            (Asked::default(), "/executions"),
        ] {
            assert_eq!(asked.href(), href);
        }
        assert!(list.is_filtered() && !asked(&[("limit", "5"), ("cursor", "x")]).is_filtered());
    }

    #[test]
    fn times_are_words_and_what_is_none_is_told() {
        let query = asked(&[("since", "1970-01-01 00:00:05"), ("until", "7000"), ("limit", "5")]).query().unwrap();
        assert_eq!((query.since, query.until, query.limit), (Some(5_000), Some(7_000), Some(5)));
        for (name, value) in [("since", "soon"), ("until", "x"), ("rerun_of", "me"), ("parent", "1"), ("limit", "all")]
        {
            let problem = asked(&[(name, value)]).query().unwrap_err();
            assert!(problem.status == 400 && problem.detail.contains(&format!("`{name}` is `{value}`")), "{problem:?}");
        }
    }
}
