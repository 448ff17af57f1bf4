//! `/playbooks`: what can be run.

use super::{
    frame::{Area, Frame},
    problem::ProblemPage,
    reader,
};
use crate::{
    components::{Empty, SearchField, Status},
    format, href,
    islands::TimeAgo,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use protocol::{
    Action,
    api::{ExecutionQuery, PlaybookSummary},
    status,
};
use runtime::Api;

#[component]
pub(crate) fn Playbooks() -> impl IntoView {
    let api = expect_context::<Api>();
    let q = use_query_map().read_untracked().get("q").filter(|q| !q.trim().is_empty());
    Suspend::new(async move {
        let playbooks = match api.playbooks(q.as_deref()).await {
            Ok(playbooks) => playbooks,
            Err(problem) => return view! { <ProblemPage area=Some(Area::Playbooks) problem /> }.into_any(),
        };
        view! {
            <Frame area=Some(Area::Playbooks) title="Playbooks">
                <header class="page-head">
                    <h1 tabindex="-1">"Playbooks"</h1>
                    <div class="page-tools">
                        <form class="search" method="get" action=href::PLAYBOOKS role="search">
                            <SearchField text=q.clone().unwrap_or_default() hint="Path, name or description" label="Search playbooks" />
                            <button class="button">"Search"</button>
                        </form>
                        {reader::may(Action::Run)
                            .then(|| view! { <a class="button primary" href=href::REGISTER>"Register a playbook"</a> })}
                    </div>
                </header>
                <section class="panel" aria-label="Playbooks">
                    {if playbooks.is_empty() {
                        view! { <Nothing is_filtered=q.is_some() /> }.into_any()
                    } else {
                        view! { <Table playbooks /> }.into_any()
                    }}
                </section>
            </Frame>
        }
        .into_any()
    })
}

#[component]
fn Table(playbooks: Vec<PlaybookSummary>) -> impl IntoView {
    view! {
        <table class="table playbook-table">
            <caption class="visually-hidden">"Playbooks by path"</caption>
            <thead>
                <tr>
                    <th scope="col">"Playbook"</th>
                    <th scope="col" class="wide">"What it does"</th>
                    <th scope="col">"Last execution"</th>
                    <th scope="col" class="end">"Executions"</th>
                    <th scope="col" class="end">"Version"</th>
                    <th scope="col" class="end">"Registered"</th>
                </tr>
            </thead>
            <tbody>{playbooks.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
}

fn row(playbook: PlaybookSummary) -> impl IntoView {
    let about = playbook.description.unwrap_or_else(|| playbook.name.clone());
    let last = playbook.last.map(|last| {
        view! {
            <a class="last" href=href::execution(last.execution_id)>
                <Status status=status::of_execution(last.status, last.outcome) />
            </a>
            " "
            <span class="quiet"><TimeAgo at=last.created_at /></span>
        }
    });
    let all = href::executions(&ExecutionQuery { path: Some(playbook.path.clone()), ..ExecutionQuery::default() });
    view! {
        <tr>
            <td>
                <a href=href::playbook(&playbook.path)>{playbook.path.clone()}</a>
            </td>
            <td class="wide" title=about.clone()>{about.clone()}</td>
            <td>{last}</td>
            <td class="end number">
                <a href=all>{format::count(playbook.executions)}</a>
            </td>
            <td class="end number">{playbook.version}</td>
            <td class="end"><TimeAgo at=playbook.registered_at /></td>
        </tr>
    }
}

#[component]
fn Nothing(is_filtered: bool) -> impl IntoView {
    if is_filtered {
        view! {
            <Empty title="No playbook matches.">
                <p>
                    <a class="button" href=href::PLAYBOOKS>"Show all"</a>
                </p>
            </Empty>
        }
        .into_any()
    } else {
        view! {
            <Empty title="The catalog is empty.">
                {if reader::may(Action::Run) {
                    view! {
                        <p>
                            <a class="button primary" href=href::REGISTER>"Register a playbook"</a>
                            " or, in a terminal, "
                            <code>"signalbox register my_playbook.yaml"</code>
                        </p>
                    }
                    .into_any()
                } else {
                    view! { <p>{format!("Whoever is {} may register a playbook.", Action::Run.roles())}</p> }.into_any()
                }}
            </Empty>
        }
        .into_any()
    }
}
