//! `/executions`: which executions there are. The filters are the query string.

use super::{
    bulk::ACTIONS,
    execution_query::{Asked, Filters},
    frame::{Area, Frame},
    problem::{FormProblem, ProblemPage},
    reader,
};
use crate::{components::Empty, href, islands::ExecutionList, server_fns::Rejected};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use protocol::{Action, Problem, api::ExecutionQuery, view::ExecutionRows};
use runtime::Api;

#[component]
pub(crate) fn Executions() -> impl IntoView {
    let api = expect_context::<Api>();
    let asked = Asked::of(&use_query_map().read_untracked());
    let rejected = use_context::<Rejected>();
    Suspend::new(async move {
        let (listed, problem) = match load(&api, &asked).await {
            Ok(listed) => (Some(listed), None),
            // What was entered wrongly is told at the form.
            Err(problem) if problem.status == 400 => (None, Some(problem)),
            Err(problem) => return view! { <ProblemPage area=Some(Area::Executions) problem /> }.into_any(),
        };
        let is_filtered = asked.is_filtered();
        let newest = asked.with("cursor", None);
        let newest = (newest != asked).then(|| newest.href());
        let older = listed.as_ref().and_then(|(_, _, next)| next.clone());
        let older = older.map(|cursor| asked.with("cursor", Some(&cursor)).href());
        let list = listed.map(|(query, rows, _)| {
            let is_empty = rows.rows.is_empty();
            view! {
                <section class="panel" aria-label="Executions">
                    // An empty list is a list, too: the first execution shows up in it.
                    <ExecutionList rows query=query.clone() is_one_playbook=false />
                    {is_empty.then(|| view! { <Nothing is_filtered /> })}
                </section>
                {(is_filtered && !is_empty && reader::may(Action::Run)).then(|| view! { <BulkForm query /> })}
            }
        });
        view! {
            <Frame area=Some(Area::Executions) title="Executions">
                <header class="page-head">
                    <h1 tabindex="-1">"Executions"</h1>
                </header>
                {rejected.map(|rejected| view! { <FormProblem problem=rejected.problem source=rejected.text /> })}
                {problem.map(|problem| view! { <FormProblem problem source="" /> })}
                <Filters asked />
                {list}
                <nav class="pager" aria-label="Pages">
                    {newest.map(|href| view! { <a class="button" href=href>"Newest"</a> })}
                    {older.map(|href| view! { <a class="button" rel="next" href=href>"Older"</a> })}
                </nav>
            </Frame>
        }
        .into_any()
    })
}

async fn load(api: &Api, asked: &Asked) -> Result<(ExecutionQuery, ExecutionRows, Option<String>), Problem> {
    let query = asked.query()?;
    let (rows, next) = api.execution_rows(query.clone()).await?;
    Ok((query, rows, next))
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
                    <code>"signalbox run samples/hello"</code>
                </p>
            </Empty>
        }
        .into_any()
    }
}

/// One thing for all that the filters find; the next page shows them before anything is done. Times are the moments
/// this page was made for: what is done is done to what was shown.
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
