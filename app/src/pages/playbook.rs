//! `/playbooks/*path`: what this playbook does, and running it. `?version=` shows an older one.

use super::{
    frame::{Area, Frame},
    problem::{FormProblem, ProblemPage},
    reader,
};
use crate::{
    components::{Diagnostics, DiffView, Empty, GraphView, Source},
    href,
    islands::{ExecutionList, JsonInput, TimeAgo},
    server_fns::{INPUT_LIMIT, Rejected},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use protocol::{
    Action, Diagnostic, ExecutionId, Problem,
    api::{DiffQuery, ExecutionQuery, PlaybookDetail, PlaybookDiff, PlaybookVersion},
    view::ExecutionRows,
};
use runtime::Api;
use serde_json::Value;

/// Executions listed on the page.
const EXECUTIONS: u32 = 10;
/// Versions linked; older ones by their number in the address.
const VERSIONS: usize = 8;

struct Loaded {
    detail: PlaybookDetail,
    versions: Vec<PlaybookVersion>,
    rows: ExecutionRows,
    /// What the run form starts with.
    input: Value,
    warnings: Vec<Diagnostic>,
    /// Since the version that was asked for.
    changes: Option<PlaybookDiff>,
}

#[component]
pub(crate) fn Playbook() -> impl IntoView {
    let api = expect_context::<Api>();
    let path = use_params_map().read_untracked().get("path").unwrap_or_default();
    let query = use_query_map();
    let version = query.read_untracked().get("version");
    let registered = query.read_untracked().get("registered");
    let from = query.read_untracked().get("from").and_then(|id| id.parse().ok());
    let since = query.read_untracked().get("since").and_then(|version| version.parse().ok());
    let rejected = use_context::<Rejected>();
    Suspend::new(async move {
        match load(&api, &path, version, from, since).await {
            Ok(loaded) => view! { <Page loaded registered rejected /> }.into_any(),
            Err(problem) => view! { <ProblemPage area=Some(Area::Playbooks) problem /> }.into_any(),
        }
    })
}

/// `from`: an execution whose input is to be used again; one that is not there any more is no reason to fail.
async fn load(
    api: &Api,
    path: &str,
    version: Option<String>,
    from: Option<ExecutionId>,
    since: Option<u32>,
) -> Result<Loaded, Problem> {
    let version = match version {
        Some(text) => Some(text.parse().map_err(|_| {
            Problem::not_found("version", &text, "versions are numbers from 1, see the playbook's page")
        })?),
        None => None,
    };
    let detail = api.playbook(path, version).await?;
    let query = executions_of(path, Some(EXECUTIONS));
    let (rows, _) = api.execution_rows(query).await?;
    let earlier = match from {
        Some(id) => api.execution(id).await.ok().map(|execution| execution.input).filter(Value::is_object),
        None => None,
    };
    let changes = match since {
        Some(since) => {
            let query = DiffQuery { from: Some(since), to: Some(detail.version) };
            Some(api.playbook_diff(path, query).await?)
        }
        None => None,
    };
    Ok(Loaded {
        changes,
        input: earlier.unwrap_or_else(|| detail.workload.clone()),
        versions: api.playbook_versions(path).await?,
        warnings: api.validate_playbook(&detail.source).await?.diagnostics,
        detail,
        rows,
    })
}

fn executions_of(path: &str, limit: Option<u32>) -> ExecutionQuery {
    ExecutionQuery { path: Some(path.to_owned()), limit, ..ExecutionQuery::default() }
}

#[component]
fn Page(loaded: Loaded, registered: Option<String>, rejected: Option<Rejected>) -> impl IntoView {
    let Loaded { detail, versions, rows, input, warnings, changes } = loaded;
    let before = versions.iter().map(|known| known.version).filter(|known| *known < detail.version).max();
    let path = detail.path.clone();
    let is_latest = detail.version == detail.latest_version;
    let has_none = rows.rows.is_empty();
    let may_run = reader::may(Action::Run);
    // What was refused is told at the form, or without one to whom it is not shown.
    let (rejected, refused) = if may_run { (rejected, None) } else { (None, rejected) };
    let how = if may_run { "Run it with the form on this page." } else { "Its executions show up here." };
    let query = executions_of(&path, Some(EXECUTIONS));
    let notice = registered.map(|word| match word.as_str() {
        "new" => format!("Registered as version {}.", detail.version),
        _ => format!("Version {} already has this content: nothing was changed.", detail.version),
    });
    view! {
        <Frame
            area=Some(Area::Playbooks)
            title=path.clone()
            crumbs=vec![(path.clone(), href::playbook(&path))]
        >
            {notice.map(|notice| view! { <p class="notice" role="status">{notice}</p> })}
            <header class="page-head">
                <div class="page-head-text">
                    <h1 tabindex="-1">{detail.name.clone()}</h1>
                    <p class="answer">
                        {detail.description.clone().map(|text| view! { <span class="answer-text">{text}</span> })}
                        <code>{path.clone()}</code>
                        <span>
                            {format!("version {}", detail.version)}
                            {(!is_latest).then(|| format!(" of {}", detail.latest_version))}
                            ", registered " <TimeAgo at=detail.registered_at />
                        </span>
                        <Versions path=path.clone() shown=detail.version versions />
                    </p>
                </div>
            </header>
            {(!warnings.is_empty())
                .then(|| {
                    view! {
                        <section class="panel" aria-labelledby="warnings">
                            <h2 id="warnings" class="panel-title">"Warnings"</h2>
                            <Diagnostics diagnostics=warnings source=detail.source.clone() />
                        </section>
                    }
                })}
            {refused.map(|rejected| view! { <FormProblem problem=rejected.problem source="" /> })}
            <section class="panel" id="graph" aria-labelledby="graph-title">
                <h2 id="graph-title" class="panel-title">"Graph"</h2>
                <GraphView graph=detail.graph.clone() progress=None />
            </section>
            <div class="columns">
                {may_run
                    .then(|| {
                        view! {
                            <section class="panel" id="run" aria-labelledby="run-title">
                                <h2 id="run-title" class="panel-title">
                                    "Run"
                                    <a class="panel-more" href=href::new_schedule(&path)>"By the clock"</a>
                                </h2>
                                <RunForm path=path.clone() version=detail.version input rejected />
                            </section>
                        }
                    })}
                <section class="panel" id="executions" aria-labelledby="executions-title">
                    <h2 id="executions-title" class="panel-title">
                        "Executions"
                        <a class="panel-more" href=href::executions(&executions_of(&path, None))>"All"</a>
                    </h2>
                    <ExecutionList rows query is_one_playbook=true />
                    {has_none.then(|| view! { <Empty title="It has not run yet."><p>{how}</p></Empty> })}
                </section>
            </div>
            {changes.map(|changes| view! { <Changes changes /> })}
            <section class="panel" id="source" aria-labelledby="source-title">
                <h2 id="source-title" class="panel-title">
                    "Source"
                    {before
                        .map(|before| {
                            let href = href::playbook_changes(&path, detail.version, before);
                            view! { <a class="panel-more" href=href>{format!("Changes since version {before}")}</a> }
                        })}
                </h2>
                <Source text=detail.source.clone() />
            </section>
        </Frame>
    }
}

#[component]
fn Changes(changes: PlaybookDiff) -> impl IntoView {
    let is_empty = changes.hunks.is_empty();
    view! {
        <section class="panel" id="changes" aria-labelledby="changes-title">
            <h2 id="changes-title" class="panel-title">
                <span>{format!("Changes from version {} to {}", changes.from, changes.to)}</span>
                <span class="quiet number">{format!("+{} −{}", changes.added, changes.removed)}</span>
            </h2>
            {if is_empty {
                view! { <p class="panel-empty quiet">"Nothing: the sources are equal."</p> }.into_any()
            } else {
                view! { <DiffView diff=changes /> }.into_any()
            }}
        </section>
    }
}

/// The newest versions, as links.
#[component]
fn Versions(path: String, shown: u32, mut versions: Vec<PlaybookVersion>) -> impl IntoView {
    versions.sort_by_key(|version| std::cmp::Reverse(version.version));
    (versions.len() > 1).then(|| {
        let links = versions
            .into_iter()
            .take(VERSIONS)
            .map(|version| {
                let current = (version.version == shown).then_some("true");
                let href = href::playbook_version(&path, version.version);
                view! { <a class="version number" href=href aria-current=current>{version.version}</a> }
            })
            .collect_view();
        view! { <span class="versions" role="group" aria-label="Versions">{links}</span> }
    })
}

#[component]
fn RunForm(path: String, version: u32, input: Value, rejected: Option<Rejected>) -> impl IntoView {
    let value = match &rejected {
        Some(rejected) => rejected.text.clone(),
        None => serde_json::to_string_pretty(&input).unwrap_or_default(),
    };
    view! {
        {rejected.map(|rejected| view! { <FormProblem problem=rejected.problem source="" /> })}
        <form class="run-form" method="post" action="/api/sf/run_playbook">
            <input type="hidden" name="path" value=path />
            <input type="hidden" name="version" value=version.to_string() />
            <label for="run-input">
                "Input, as JSON "
                <span class="quiet">"— merged over the playbook's workload, which stands here to start with"</span>
            </label>
            <JsonInput name="input".to_owned() value limit_bytes=INPUT_LIMIT />
            <p class="actions">
                <button class="button primary" type="submit">"Run"</button>
            </p>
        </form>
    }
}
