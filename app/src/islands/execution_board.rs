//! One execution: where it is, what it did, why it failed.

use crate::{
    components::{
        CopyId, Elapsed, ErrorBlock, GraphProgress, GraphView, History, JsonBlock, NodeStates, StatusMark, StepList,
        Timeline, When, label,
    },
    href,
    live::{follow, release_with, use_clock},
};
use leptos::{html::Div, prelude::*};
use protocol::{StepStatus, Topic, graph::Graph, view::ExecutionView};

/// `graph`: `None` when the playbook's version cannot be read any more.
#[island]
pub fn ExecutionBoard(execution: ExecutionView, graph: Option<Graph>) -> impl IntoView {
    let root = NodeRef::<Div>::new();
    release_with(root);
    let clock = use_clock();
    let (id, position) = (execution.execution_id, execution.position);
    let path = execution.path.clone();
    let version = execution.version;
    let whole = href::execution_json(id);
    let again = href::run_again(&path, version, id);
    let topic = Topic::Execution(id);
    let view = RwSignal::new(execution);
    follow(topic.clone(), position, move |events| {
        view.maybe_update(|view| events.iter().filter(|event| view.apply(event)).count() > 0);
    });

    let status = Memo::new(move |_| view.with(ExecutionView::status));
    let is_ended = Memo::new(move |_| status.get().is_final());
    let progress = Memo::new(move |_| view.with(|view| view.progress));
    let started = Memo::new(move |_| view.with(|view| view.created_at));
    let ended = Memo::new(move |_| view.with(|view| view.ended_at));
    let error = Memo::new(move |_| view.with(|view| view.error.clone()));
    let input = Memo::new(move |_| view.with(|view| view.input.clone()));
    let result = Memo::new(move |_| view.with(|view| view.result.clone()));
    let active = Memo::new(move |_| {
        view.with(|view| {
            let active = view.steps.iter().filter(|step| !step.status.is_final());
            active.map(|step| step.step.clone()).collect::<Vec<_>>().join(", ")
        })
    });
    let states = Memo::new(move |_| view.with(NodeStates::of));
    let steps = move || {
        let progress = progress.get();
        if status.get() == StepStatus::Completed {
            format!("{} steps", progress.completed)
        } else {
            format!("{} of {} steps", progress.completed, progress.known)
        }
    };
    let failed_step = move || error.get().and_then(|error| error.step);
    let whole_result = whole.clone();
    view! {
        <div class="execution" node_ref=root data-topic=topic.to_string() data-after=position.to_string()>
            <header class="page-head">
                <div class="page-head-text">
                    <h1 tabindex="-1">
                        <span class="execution-mark" data-status=move || status.get().word()>
                            <StatusMark status />
                        </span>
                        {path.clone()}
                    </h1>
                    <p class="answer">
                        <b class="status" data-status=move || status.get().word() data-testid="execution-status">
                            {move || label(status.get())}
                        </b>
                        {move || (!active.with(String::is_empty)).then(|| view! { <span>"at " <b>{active}</b></span> })}
                        <span class="number">{steps}</span>
                        <Elapsed start=started end=ended clock />
                        <span>"started " <When at=started clock /></span>
                        <a href=href::playbook_version(&path, version)>{format!("version {version}")}</a>
                        <CopyId id=id.to_string() />
                    </p>
                </div>
                {move || {
                    if is_ended.get() {
                        view! {
                            <a class="button" href=again.clone()>
                                "Run again"
                            </a>
                        }
                            .into_any()
                    } else {
                        view! { <CancelForm id=id.to_string() /> }.into_any()
                    }
                }}
            </header>

            {move || {
                error.get()
                    .map(|error| {
                        let step = failed_step();
                        let attempt = error.attempt;
                        view! {
                            <section class="panel failure" aria-labelledby="failure">
                                <h2 id="failure" class="panel-title">
                                    {match &step {
                                        Some(step) => format!("Failed at {step}"),
                                        None => "Failed".to_owned(),
                                    }}
                                    {attempt.filter(|n| *n > 1).map(|n| format!(", attempt {n}"))}
                                </h2>
                                <ErrorBlock error />
                                {step
                                    .map(|step| {
                                        view! {
                                            <p>
                                                <a href=format!("#{}", href::step_anchor(&step))>"Its input and logs"</a>
                                            </p>
                                        }
                                    })}
                            </section>
                        }
                    })
            }}

            {graph
                .map(|graph| {
                    view! {
                        <section class="panel" id="graph" aria-labelledby="graph-title">
                            <h2 id="graph-title" class="panel-title">"Graph"</h2>
                            <GraphView graph progress=Some(GraphProgress { states, clock }) />
                        </section>
                    }
                })}

            <div class="columns">
                <div>
                    <section class="panel" id="timeline" aria-labelledby="timeline-title">
                        <h2 id="timeline-title" class="panel-title">"Timeline"</h2>
                        <Timeline execution=view clock />
                    </section>
                    <section class="panel" id="input" aria-labelledby="input-title">
                        <h2 id="input-title" class="panel-title">"Input"</h2>
                        <JsonBlock preview=input whole />
                    </section>
                    <section class="panel" id="result" aria-labelledby="result-title">
                        <h2 id="result-title" class="panel-title">"Result"</h2>
                        {move || match result.get() {
                            Some(preview) => {
                                let preview = Signal::stored(preview);
                                view! { <JsonBlock preview whole=whole_result.clone() /> }.into_any()
                            }
                            None => view! { <p class="panel-empty quiet">"None yet."</p> }.into_any(),
                        }}
                    </section>
                </div>
                <section class="panel" id="steps" aria-labelledby="steps-title">
                    <h2 id="steps-title" class="panel-title">"Steps"</h2>
                    <StepList execution=view clock />
                </section>
            </div>

            <section class="panel" id="events" aria-labelledby="events-title">
                <h2 id="events-title" class="panel-title">"Events"</h2>
                <History execution=view clock />
            </section>
        </div>
    }
}

/// Two steps, since it cannot be undone: open, then confirm.
#[component]
fn CancelForm(id: String) -> impl IntoView {
    view! {
        <details class="confirm">
            <summary class="button danger">"Cancel"</summary>
            <form class="confirm-form" method="post" action="/api/sf/cancel_execution">
                <input type="hidden" name="execution_id" value=id />
                <label>
                    "Reason (optional)"
                    <input class="field" type="text" name="reason" maxlength="500" autocomplete="off" />
                </label>
                <button class="button danger" type="submit">"Cancel this execution"</button>
            </form>
        </details>
    }
}
