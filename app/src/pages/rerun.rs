//! `/executions/:id/rerun`: the same again, from its start or from one of its steps. `?from=` chooses the step.

use super::{
    execution::parse,
    frame::{Area, Frame},
    problem::{FormProblem, ProblemPage},
};
use crate::{
    format::short_id,
    href,
    islands::JsonInput,
    server_fns::{INPUT_LIMIT, Rejected, RerunEntered},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use protocol::{Action, Problem, StepStatus, view::ExecutionView};
use runtime::Api;
use serde_json::Value;

struct Loaded {
    execution: ExecutionView,
    input: Value,
    latest: Option<u32>,
}

#[component]
pub(crate) fn Rerun() -> impl IntoView {
    let api = expect_context::<Api>();
    let id = use_params_map().read_untracked().get("id").unwrap_or_default();
    let from = use_query_map().read_untracked().get("from");
    let rejected = use_context::<Rejected>();
    let entered = use_context::<RerunEntered>();
    Suspend::new(async move {
        match load(&api, &id).await {
            Ok(loaded) => view! { <Page loaded from rejected entered /> }.into_any(),
            Err(problem) => view! { <ProblemPage area=Some(Area::Executions) problem /> }.into_any(),
        }
    })
}

async fn load(api: &Api, id: &str) -> Result<Loaded, Problem> {
    api.who().require(Action::Run)?;
    let id = parse(id)?;
    let execution = api.execution_view(id).await?;
    let latest = api.playbook(&execution.path, None).await.ok().map(|playbook| playbook.version);
    Ok(Loaded { input: api.execution(id).await?.input, execution, latest })
}

#[component]
fn Page(
    loaded: Loaded,
    from: Option<String>,
    rejected: Option<Rejected>,
    entered: Option<RerunEntered>,
) -> impl IntoView {
    let Loaded { execution, input, latest } = loaded;
    let id = execution.execution_id;
    let failed = execution.steps.iter().find(|step| step.status == StepStatus::Failed).map(|step| step.step.clone());
    let chosen = from.or(failed).unwrap_or_else(|| "start".to_owned());
    let steps = execution.steps.iter().filter(|step| step.step != "start").map(|step| {
        let text = match step.status {
            StepStatus::Failed => format!("{} (failed)", step.step),
            _ => step.step.clone(),
        };
        view! { <option value=step.step.clone() selected=step.step == chosen>{text}</option> }
    });
    let steps = steps.collect_view();
    let version = entered.as_ref().and_then(|entered| entered.version).unwrap_or(execution.version);
    let versions = latest.filter(|latest| *latest != execution.version).map(|latest| {
        view! {
            <label for="rerun-version">"Playbook"</label>
            <select class="field" id="rerun-version" name="version">
                <option value=execution.version.to_string()>{format!("version {}, as before", execution.version)}</option>
                <option value=latest.to_string() selected=version == latest>{format!("version {latest}, the newest")}</option>
            </select>
        }
    });
    let value = match entered {
        Some(entered) => entered.input,
        None => serde_json::to_string_pretty(&input).unwrap_or_default(),
    };
    let title = format!("{} {}", execution.path, short_id(id));
    view! {
        <Frame
            area=Some(Area::Executions)
            title=format!("Rerun {title}")
            crumbs=vec![(title, href::execution(id)), ("Rerun".to_owned(), href::rerun(id, None))]
        >
            <header class="page-head">
                <div class="page-head-text">
                    <h1 tabindex="-1">"Rerun " {execution.path.clone()}</h1>
                    <p class="answer">
                        "A new execution. What completed before the step it begins at is taken over, not done again."
                    </p>
                </div>
            </header>
            {rejected.map(|rejected| view! { <FormProblem problem=rejected.problem source="" /> })}
            <section class="panel" aria-label="Rerun">
                <form class="run-form rerun-form" method="post" action="/api/sf/rerun_execution">
                    <input type="hidden" name="execution_id" value=id.to_string() />
                    <label for="rerun-from">"Begin at"</label>
                    <select class="field" id="rerun-from" name="from">
                        <option value="start" selected=chosen == "start">"the start: everything again"</option>
                        {steps}
                    </select>
                    {versions}
                    <label for="run-input">
                        "Input, as JSON "
                        <span class="quiet">"— as it was; change it where this one should differ"</span>
                    </label>
                    <JsonInput name="input".to_owned() value limit_bytes=INPUT_LIMIT />
                    <p class="actions">
                        <button class="button primary" type="submit">"Rerun"</button>
                        <a class="button" href=href::execution(id)>"Back"</a>
                    </p>
                </form>
            </section>
        </Frame>
    }
}
