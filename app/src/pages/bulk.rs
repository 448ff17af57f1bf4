//! `/executions/bulk`: one thing done to all executions that a filter finds. First shown, then done to those that
//! were shown.

use super::{
    execution_query::Asked,
    frame::{Area, Frame},
    problem::{FormProblem, ProblemPage},
};
use crate::{components::Empty, format::short_id, href, server_fns::Rejected};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use protocol::{
    Problem,
    api::{BulkAction, BulkAnswer, BulkOutcome, BulkRequest, ExecutionQuery},
};
use runtime::Api;

/// Executions at once.
const LIMIT: u32 = 100;

pub(crate) const ACTIONS: [(&str, BulkAction, &str); 5] = [
    ("cancel", BulkAction::Cancel, "Cancel"),
    ("terminate", BulkAction::Terminate, "Terminate"),
    ("pause", BulkAction::Pause, "Pause"),
    ("resume", BulkAction::Resume, "Resume"),
    ("rerun", BulkAction::Rerun, "Rerun"),
];

/// What a form calls an action.
pub(crate) fn action(word: &str) -> Result<BulkAction, Problem> {
    let known = ACTIONS.into_iter().find(|(known, ..)| *known == word);
    known.map(|(_, action, _)| action).ok_or_else(|| {
        Problem::bad_request("bad_action", format!("`{word}` is no action; choose one on the page of executions"))
    })
}

#[component]
pub(crate) fn Bulk() -> impl IntoView {
    let api = expect_context::<Api>();
    let map = use_query_map();
    let word = map.read_untracked().get("action").unwrap_or_default();
    let filter = Asked::of(&map.read_untracked()).query();
    let rejected = use_context::<Rejected>();
    let done = use_context::<BulkAnswer>();
    Suspend::new(async move {
        let is_done = done.is_some();
        let answer = async {
            let filter = ExecutionQuery { limit: None, ..filter? };
            let answer = match done {
                Some(done) => done,
                None => look(&api, &word, filter.clone()).await?,
            };
            Ok::<_, Problem>((filter, answer))
        };
        match answer.await {
            Ok((filter, answer)) => view! { <Page word filter answer is_done rejected /> }.into_any(),
            Err(problem) => view! { <ProblemPage area=Some(Area::Executions) problem /> }.into_any(),
        }
    })
}

async fn look(api: &Api, word: &str, filter: ExecutionQuery) -> Result<BulkAnswer, Problem> {
    let request = BulkRequest {
        action: action(word)?,
        filter: Some(filter),
        executions: None,
        limit: Some(LIMIT),
        reason: None,
        from: None,
        dry_run: true,
    };
    api.bulk(request).await
}

#[component]
fn Page(
    word: String,
    filter: ExecutionQuery,
    answer: BulkAnswer,
    is_done: bool,
    rejected: Option<Rejected>,
) -> impl IntoView {
    let verb = ACTIONS.into_iter().find(|(known, ..)| *known == word).map_or("", |(_, _, verb)| verb);
    let count = answer.outcomes.len();
    let what = if count == 1 { "1 execution".to_owned() } else { format!("{count} executions") };
    let failed = answer.outcomes.iter().filter(|outcome| outcome.done == Some(false)).count();
    let said = match (is_done, failed) {
        (false, _) => format!("{verb} these? Nothing has been done yet."),
        (true, 0) => "Done for each of them.".to_owned(),
        (true, failed) => format!("Done, but for {failed}: the reason stands beside each."),
    };
    let more = answer.next.is_some().then(|| {
        view! { <p class="note">{format!("There are more: these are the newest {LIMIT}. Do these first, then the rest.")}</p> }
    });
    let fields =
        href::fields(&filter).into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value /> });
    let fields = fields.collect_view();
    let ids: Vec<String> = answer.outcomes.iter().map(|outcome| outcome.execution_id.to_string()).collect();
    let ids = ids.join(",");
    let back = href::executions(&ExecutionQuery { cursor: None, ..filter });
    let (back_when_none, back_when_done) = (back.clone(), back.clone());
    view! {
        <Frame
            area=Some(Area::Executions)
            title=format!("{verb} {what}")
            crumbs=vec![(format!("{verb} {what}"), String::new())]
        >
            <header class="page-head">
                <div class="page-head-text">
                    <h1 tabindex="-1">{format!("{verb} {what}")}</h1>
                    <p class="answer" role="status">{said}</p>
                </div>
            </header>
            {rejected.map(|rejected| view! { <FormProblem problem=rejected.problem source="" /> })}
            <section class="panel" aria-label="Executions">
                {if count == 0 {
                    view! {
                        <Empty title="No execution matches.">
                            <p><a class="button" href=back_when_none>"Back to the list"</a></p>
                        </Empty>
                    }
                    .into_any()
                } else {
                    view! {
                        <table class="table bulk-table">
                            <thead>
                                <tr>
                                    <th scope="col">"Execution"</th>
                                    <th scope="col">"Playbook"</th>
                                    {is_done.then(|| view! { <th scope="col">"What became of it"</th> })}
                                </tr>
                            </thead>
                            <tbody>{answer.outcomes.into_iter().map(|outcome| row(outcome, is_done)).collect_view()}</tbody>
                        </table>
                    }
                    .into_any()
                }}
                {more}
            </section>
            {(!is_done && count > 0)
                .then(|| {
                    view! {
                        <form class="actions" method="post" action="/api/sf/bulk_executions">
                            <input type="hidden" name="action" value=word />
                            <input type="hidden" name="executions" value=ids />
                            {fields}
                            <button class="button primary" type="submit">{format!("{verb} {what}")}</button>
                            <a class="button" href=back.clone()>"Back"</a>
                        </form>
                    }
                })}
            {is_done.then(|| view! { <p class="actions"><a class="button" href=back_when_done>"Back to the list"</a></p> })}
        </Frame>
    }
}

fn row(outcome: BulkOutcome, is_done: bool) -> impl IntoView {
    let started = outcome.started.map(|id| view! { "started " <a href=href::execution(id)>{short_id(id)}</a> });
    let said = match outcome.done {
        Some(true) if started.is_none() => Some("done".to_owned()),
        Some(false) => outcome.detail,
        _ => None,
    };
    view! {
        <tr>
            <td><a href=href::execution(outcome.execution_id)>{short_id(outcome.execution_id)}</a></td>
            <td>{outcome.path}</td>
            {is_done.then(|| view! { <td>{said} {started}</td> })}
        </tr>
    }
}
