//! `/executions/:id`: where is this execution, and why did it fail.

use super::{
    frame::{Area, Frame},
    problem::{FormProblem, ProblemPage},
    reader,
};
use crate::{components::ApprovalEntered, format::short_id, href, islands::ExecutionBoard, server_fns::Rejected};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use protocol::{Action, ExecutionId, Problem, graph::Graph, view::ExecutionView};
use runtime::Api;

#[component]
pub(crate) fn Execution() -> impl IntoView {
    let api = expect_context::<Api>();
    let id = use_params_map().read_untracked().get("id").unwrap_or_default();
    let rejected = use_context::<Rejected>();
    let entered = use_context::<ApprovalEntered>();
    Suspend::new(async move {
        let (execution, graph) = match load(&api, &id).await {
            Ok(found) => found,
            Err(problem) => return view! { <ProblemPage area=Some(Area::Executions) problem /> }.into_any(),
        };
        let id = execution.execution_id;
        let title = format!("{} {}", execution.path, short_id(id));
        let may_run = reader::may(Action::Run);
        view! {
            <Frame area=Some(Area::Executions) title=title.clone() crumbs=vec![(title, href::execution(id))]>
                {rejected.map(|rejected| view! { <FormProblem problem=rejected.problem source=rejected.text /> })}
                <ExecutionBoard execution graph entered may_run />
            </Frame>
        }
        .into_any()
    })
}

/// The graph is left out when the version of the playbook cannot be read any more; the rest is still worth showing.
async fn load(api: &Api, id: &str) -> Result<(ExecutionView, Option<Graph>), Problem> {
    let id = parse(id)?;
    Ok((api.execution_view(id).await?, api.execution_graph(id).await.ok()))
}

/// What is no id names no execution.
pub(super) fn parse(id: &str) -> Result<ExecutionId, Problem> {
    id.parse().map_err(|_| Problem::not_found("execution", id, "look in the list of executions"))
}
