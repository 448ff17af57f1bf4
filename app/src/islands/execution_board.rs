//! One execution: where it is, what it did, why it failed.

use crate::{
    components::{
        ApprovalEntered, ApprovalForm, CopyId, Elapsed, ErrorBlock, GraphProgress, GraphView, History, JsonBlock,
        NodeStates, StatusMark, StepList, Timeline, Until, When, label,
    },
    format, href,
    live::{Clock, follow, release_with, use_clock},
};
use leptos::{html::Div, prelude::*};
use protocol::{ExecutionId, StepStatus, Topic, api::ExecutionQuery, event::Origin, graph::Graph, view::ExecutionView};

/// `graph`: `None` when the playbook's version cannot be read any more. `entered`: an answer that was refused.
/// `may_run`: the reader may steer, answer and rerun it.
#[island]
pub fn ExecutionBoard(
    execution: ExecutionView,
    graph: Option<Graph>,
    entered: Option<ApprovalEntered>,
    may_run: bool,
) -> impl IntoView {
    let root = NodeRef::<Div>::new();
    release_with(root);
    let clock = use_clock();
    let (id, position) = (execution.execution_id, execution.position);
    let path = execution.path.clone();
    let version = execution.version;
    let whole = href::execution_json(id);
    let again = href::rerun(id, None);
    let origin = execution.origin.clone();
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
    let is_paused = Memo::new(move |_| view.with(|view| view.paused.is_some()));
    let halted = Memo::new(move |_| view.with(halted));
    let asked = Memo::new(move |_| {
        view.with(|view| {
            let waiting = view.steps.iter().filter(|step| step.waits_for_answer());
            waiting.map(|step| (step.step.clone(), step.visit)).collect::<Vec<_>>()
        })
    });
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
                        <OriginNote origin />
                        <CopyId id=id.to_string() />
                    </p>
                </div>
                {move || {
                    if !may_run {
                        ().into_any()
                    } else if is_ended.get() {
                        view! {
                            <a class="button" href=again.clone()>
                                "Rerun"
                            </a>
                        }
                            .into_any()
                    } else {
                        view! {
                            <div class="page-tools">
                                <PauseForm id=id.to_string() is_paused />
                                <CancelForm id=id.to_string() />
                            </div>
                        }
                            .into_any()
                    }
                }}
            </header>

            {move || halted.get().map(|text| view! { <p class="notice halted" role="status">{text}</p> })}

            <For each=move || asked.get() key=|asked| asked.clone() let((step, visit))>
                <AskPanel id step visit view clock entered=entered.clone() may_run />
            </For>

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
                    <StepList execution=view clock may_run />
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
                <button class="button danger" type="submit" name="at_once" value="true" title="Without its steps for a cancellation">
                    "Terminate at once"
                </button>
            </form>
        </details>
    }
}

/// Pausing can be undone: one press.
#[component]
fn PauseForm(id: String, is_paused: Memo<bool>) -> impl IntoView {
    let action = move || if is_paused.get() { "/api/sf/resume_execution" } else { "/api/sf/pause_execution" };
    view! {
        <form method="post" action=action>
            <input type="hidden" name="execution_id" value=id />
            <button class="button" type="submit">{move || if is_paused.get() { "Resume" } else { "Pause" }}</button>
        </form>
    }
}

/// Why nothing new begins; `None` while it goes on.
fn halted(view: &ExecutionView) -> Option<String> {
    if view.status().is_final() {
        return None;
    }
    if view.is_cancelling {
        return Some("It is being cancelled: the steps that clean up run.".to_owned());
    }
    if let Some(paused) = &view.paused {
        let reason = if matches!(paused.reason.as_str(), "" | "requested") {
            String::new()
        } else {
            format!(": {}", paused.reason)
        };
        return Some(format!("Paused by {}{reason}. What runs may end; nothing new begins.", paused.by));
    }
    view.queued.as_ref().map(|queued| match (queued.reason.as_str(), &queued.key) {
        ("rate", _) => "Waits to be let in: its playbook limits how often it starts.".to_owned(),
        (_, Some(key)) if !key.is_empty() => format!("Waits to be let in: as many with the key `{key}` run as may."),
        _ => "Waits to be let in: as many run as may.".to_owned(),
    })
}

/// Where it comes from.
#[component]
fn OriginNote(origin: Origin) -> impl IntoView {
    let parent = origin.parent.map(|key| {
        let step = format!("{}#{}", href::execution(key.execution_id), href::step_anchor(&key.step));
        view! { <span>"child of " <a href=step>{format!("{} {}", key.step, format::short_id(key.execution_id))}</a></span> }
    });
    let rerun = origin.rerun.map(|rerun| {
        let from = rerun.from.map(|step| format!(", from {step}"));
        let all = href::executions(&ExecutionQuery { rerun_of: Some(rerun.of), ..ExecutionQuery::default() });
        view! {
            <span>"rerun of " <a href=href::execution(rerun.of)>{format::short_id(rerun.of)}</a>{from}</span>
            <a href=all>"all its reruns"</a>
        }
    });
    let trigger = origin.trigger.map(|trigger| {
        let all = ExecutionQuery { trigger: Some(trigger.clone()), ..ExecutionQuery::default() };
        view! { <span>"started by " <a href=href::executions(&all)>{trigger}</a></span> }
    });
    view! {
        {parent}
        {rerun}
        {trigger}
    }
}

/// A step that waits for somebody, perhaps the reader.
#[component]
fn AskPanel(
    id: ExecutionId,
    step: String,
    visit: u32,
    view: RwSignal<ExecutionView>,
    clock: Clock,
    entered: Option<ApprovalEntered>,
    may_run: bool,
) -> impl IntoView {
    let found = view.with_untracked(|view| {
        let mut steps = view.steps.iter();
        steps.find(|known| known.step == step && known.visit == visit).and_then(|known| known.approval.clone())
    });
    found.map(|approval| {
        let title = format!("ask-{}", href::step_anchor(&step));
        let due =
            approval.due.map(|due| view! { <span class="quiet">"due " <Until at=Signal::stored(due) clock /></span> });
        view! {
            <section class="panel ask" aria-labelledby=title.clone()>
                <h2 id=title.clone() class="panel-title">
                    <span>{step.clone()} " waits for an answer"</span>
                    {due}
                </h2>
                <ApprovalForm
                    execution_id=id
                    step
                    visit
                    message=approval.message
                    form=approval.form.as_ref().clone()
                    return_to=href::execution(id)
                    entered
                    may_answer=may_run
                />
            </section>
        }
    })
}
