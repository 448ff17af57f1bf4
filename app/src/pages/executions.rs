//! `/executions`: which executions there are. The filters are the query string.

use super::{
    bulk::ACTIONS,
    frame::{Area, Frame},
    problem::{FormProblem, ProblemPage},
};
use crate::{
    components::{Empty, Icon, StatusMark, label},
    href,
    islands::ExecutionList,
    server_fns::Rejected,
};
use leptos::prelude::*;
use leptos_router::{hooks::use_query_map, params::ParamsMap};
use protocol::{StepStatus, api::ExecutionQuery};
use runtime::Api;

/// What the status filter offers.
const STATUSES: [StepStatus; 5] =
    [StepStatus::Running, StepStatus::Queued, StepStatus::Completed, StepStatus::Failed, StepStatus::Cancelled];

#[component]
pub(crate) fn Executions() -> impl IntoView {
    let api = expect_context::<Api>();
    let query = query(&use_query_map().read_untracked());
    let rejected = use_context::<Rejected>();
    Suspend::new(async move {
        let (rows, next) = match api.execution_rows(query.clone()).await {
            Ok(page) => page,
            Err(problem) => return view! { <ProblemPage area=Some(Area::Executions) problem /> }.into_any(),
        };
        let is_empty = rows.rows.is_empty();
        let is_filtered = ExecutionQuery { limit: None, ..query.clone() } != ExecutionQuery::default();
        let older = next.map(|cursor| href::executions(&ExecutionQuery { cursor: Some(cursor), ..query.clone() }));
        let newest = query.cursor.as_ref().map(|_| href::executions(&first_page(&query)));
        view! {
            <Frame area=Some(Area::Executions) title="Executions">
                <header class="page-head">
                    <h1 tabindex="-1">"Executions"</h1>
                </header>
                {rejected.map(|rejected| view! { <FormProblem problem=rejected.problem source=rejected.text /> })}
                <Filters query=query.clone() />
                <section class="panel" aria-label="Executions">
                    // An empty list is a list, too: the first execution shows up in it.
                    <ExecutionList rows query=query.clone() is_one_playbook=false />
                    {is_empty.then(|| view! { <Nothing is_filtered /> })}
                </section>
                {(is_filtered && !is_empty).then(|| view! { <BulkForm query=query.clone() /> })}
                <nav class="pager" aria-label="Pages">
                    {newest.map(|href| view! { <a class="button" href=href>"Newest"</a> })}
                    {older.map(|href| view! { <a class="button" rel="next" href=href>"Older"</a> })}
                </nav>
            </Frame>
        }
        .into_any()
    })
}

#[component]
fn Nothing(is_filtered: bool) -> impl IntoView {
    if is_filtered {
        view! {
            <Empty title="No execution matches.">
                <p>
                    <a class="button" href=href::EXECUTIONS>"Show all"</a>
                </p>
            </Empty>
        }
        .into_any()
    } else {
        view! {
            <Empty title="Nothing has run yet.">
                <p>
                    <a class="button primary" href=href::PLAYBOOKS>"Choose a playbook to run"</a>
                    " or, in a terminal, "
                    <code>"signalbox run examples/log_triage"</code>
                </p>
            </Empty>
        }
        .into_any()
    }
}

/// One thing for all that the filters find; the next page shows them before anything is done.
#[component]
fn BulkForm(query: ExecutionQuery) -> impl IntoView {
    let fields = href::fields(&ExecutionQuery { cursor: None, limit: None, ..query }).into_iter();
    let fields = fields.map(|(name, value)| view! { <input type="hidden" name=name value=value /> }).collect_view();
    let options = ACTIONS.map(|(word, _, verb)| view! { <option value=word>{verb}</option> }).collect_view();
    view! {
        <form class="bulk-form" method="get" action="/executions/bulk">
            {fields}
            <label for="bulk-action">"All that match: "</label>
            <select class="field" id="bulk-action" name="action">{options}</select>
            <button class="button" type="submit">"Show them"</button>
        </form>
    }
}

/// Links for what is chosen from few, a form for what is typed.
#[component]
fn Filters(query: ExecutionQuery) -> impl IntoView {
    let chosen = query.status.clone().unwrap_or_default();
    let base = first_page(&query);
    let all = ExecutionQuery { status: None, ..base.clone() };
    let statuses = STATUSES
        .map(|status| {
            let href = href::executions(&ExecutionQuery { status: Some(status.word().to_owned()), ..base.clone() });
            let is_chosen = chosen.split(',').any(|word| word == status.word());
            view! {
                <a class="filter" href=href data-status=status.word() aria-current=is_chosen.then_some("true")>
                    <StatusMark status />
                    {label(status)}
                </a>
            }
        })
        .collect_view();
    let without_path = href::executions(&ExecutionQuery { path: None, ..base.clone() });
    view! {
        <div class="filters">
            <nav class="filter-group" aria-label="Status">
                <a class="filter" href=href::executions(&all) aria-current=chosen.is_empty().then_some("true")>"All"</a>
                {statuses}
            </nav>
            {query
                .path
                .clone()
                .map(|path| {
                    view! {
                        <a class="filter chip" href=without_path aria-label=format!("Playbook {path}: remove this filter")>
                            {path.clone()}
                            " ✕"
                        </a>
                    }
                })}
            <form class="search" method="get" action=href::EXECUTIONS role="search">
                {(!chosen.is_empty()).then(|| view! { <input type="hidden" name="status" value=chosen /> })}
                {query.path.map(|path| view! { <input type="hidden" name="path" value=path /> })}
                <Icon name="search" />
                <input
                    class="field"
                    id="search"
                    type="search"
                    name="q"
                    value=query.q.unwrap_or_default()
                    placeholder="Playbook or id"
                    aria-label="Search by playbook or id"
                    maxlength="200"
                />
                <button class="button">"Search"</button>
            </form>
        </div>
    }
}

fn first_page(query: &ExecutionQuery) -> ExecutionQuery {
    ExecutionQuery { cursor: None, ..query.clone() }
}

pub(super) fn query(map: &ParamsMap) -> ExecutionQuery {
    let text = |name: &str| map.get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    ExecutionQuery {
        status: text("status"),
        path: text("path"),
        q: text("q"),
        parent: text("parent").and_then(|id| id.parse().ok()),
        rerun_of: text("rerun_of").and_then(|id| id.parse().ok()),
        trigger: text("trigger"),
        since: text("since").and_then(|ms| ms.parse().ok()),
        until: text("until").and_then(|ms| ms.parse().ok()),
        cursor: text("cursor"),
        limit: text("limit").and_then(|n| n.parse().ok()),
    }
}
