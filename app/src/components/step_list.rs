//! The steps of an execution, each with its input, result, error and logs.

use super::{Elapsed, ItemList, JsonBlock, StatusMark, Until, label};
use crate::{format, href, live::Clock};
use leptos::prelude::*;
use protocol::{
    StepStatus, TaskError, TaskPart,
    task::Logs,
    view::{ExecutionView, StepView},
};

/// `may_run`: the reader may run it again from a step.
#[component]
pub(crate) fn StepList(execution: RwSignal<ExecutionView>, clock: Clock, may_run: bool) -> impl IntoView {
    let names =
        Memo::new(move |_| execution.with(|view| view.steps.iter().map(|step| step.step.clone()).collect::<Vec<_>>()));
    view! {
        <div class="step-list">
            <For each=move || names.get() key=|name| name.clone() let(name)>
                <StepEntry name execution clock may_run />
            </For>
            {move || {
                names
                    .with(Vec::is_empty)
                    .then(|| view! { <p class="quiet">"No step has started yet."</p> })
            }}
        </div>
    }
}

#[component]
fn StepEntry(name: String, execution: RwSignal<ExecutionView>, clock: Clock, may_run: bool) -> impl IntoView {
    let anchor = href::step_anchor(&name);
    let id = execution.with_untracked(|view| view.execution_id);
    let whole = href::execution_json(id);
    let rerun = href::rerun(id, Some(&name));
    let may_rerun = Memo::new(move |_| may_run && execution.with(|view| view.status().is_final()));
    let title = name.clone();
    let step = Memo::new(move |known: Option<&Option<StepView>>| {
        let found = execution.with(|view| view.steps.iter().find(|step| step.step == name).cloned());
        found.or_else(|| known.cloned().flatten())
    });
    let logs = Memo::new(move |_| {
        let (name, visit) = step.with(|step| step.as_ref().map(|step| (step.step.clone(), step.visit)))?;
        execution.with(|view| {
            let attempts = view.attempts.iter().filter(|a| a.step == name && a.visit == visit && !a.logs.is_empty());
            Some(attempts.map(|a| (a.attempt, a.part, a.logs.clone())).collect::<Vec<_>>())
        })
    });
    let status = Signal::derive(move || step.with(|step| step.as_ref().map(|step| step.status)).unwrap_or_default());
    let started =
        Signal::derive(move || step.with(|step| step.as_ref().map(|step| step.started_at)).unwrap_or_default());
    let ended = Signal::derive(move || step.with(|step| step.as_ref().and_then(|step| step.ended_at)));
    let input =
        Signal::derive(move || step.with(|step| step.as_ref().map(|step| step.input.clone())).unwrap_or_default());
    let result = Memo::new(move |_| step.with(|step| step.as_ref().and_then(|step| step.result.clone())));
    let has_result = Memo::new(move |_| result.with(Option::is_some));
    let error = Memo::new(move |_| step.with(|step| step.as_ref().and_then(|step| step.error.clone())));
    let items = Memo::new(move |_| step.with(|step| step.as_ref().and_then(|step| step.items.clone())));
    let has_items = Memo::new(move |_| items.with(Option::is_some));
    let child = Memo::new(move |_| step.with(|step| step.as_ref().and_then(|step| step.child)));
    let reused = Memo::new(move |_| step.with(|step| step.as_ref().and_then(|step| step.reused_of)));
    let until =
        Memo::new(move |_| step.with(|step| step.as_ref().filter(|s| !s.status.is_final()).and_then(|s| s.until)));
    let signal = Memo::new(move |_| {
        step.with(|step| step.as_ref().filter(|s| !s.status.is_final()).and_then(|s| s.signal.clone()))
    });
    let progress = move || {
        items.with(|items| {
            items.as_ref().map(|items| format!(" · {} / {}", items.completed + items.failed, items.count))
        })
    };
    let aside = move || {
        step.with(|step| {
            step.as_ref().map(|step| {
                let visit = if step.visit > 1 { format!(" · visit {}", step.visit) } else { String::new() };
                let attempt = if step.attempt > 1 { format!(" · attempt {}", step.attempt) } else { String::new() };
                format!("{}{visit}{attempt}", step.protocol)
            })
        })
    };
    // Why it failed is what one came for.
    let is_open = status.get_untracked() == StepStatus::Failed;
    let whole_result = whole.clone();
    view! {
        <details class="step" id=anchor open=is_open data-status=move || status.get().word()>
            <summary>
                <StatusMark status />
                <span class="step-name">{title}</span>
                <span class="step-aside quiet">{aside}{progress}</span>
                <span class="visually-hidden">{move || label(status.get())}</span>
                <Elapsed start=started end=ended clock />
            </summary>
            <div class="step-body">
                {move || error.get().map(|error| view! { <ErrorBlock error /> })}
                {move || {
                    child.get().map(|id| view! { <p><a href=href::execution(id)>"The execution that does it"</a></p> })
                }}
                {move || {
                    reused
                        .get()
                        .map(|id| view! { <p>"Its result is that of " <a href=href::execution(id)>"an earlier execution"</a> "."</p> })
                }}
                {move || until.get().map(|at| view! { <p>"Goes on " <Until at=Signal::stored(at) clock /> "."</p> })}
                {move || {
                    signal
                        .get()
                        .map(|signal| {
                            let command = format!("signalbox signal {id} {signal}");
                            view! { <p>"Waits for the signal " <b>{signal}</b> ": " <code>{command}</code></p> }
                        })
                }}
                {move || has_items.get().then(|| view! { <ItemList items clock /> })}
                <h3>"Input"</h3>
                <JsonBlock preview=input whole />
                {move || {
                    let whole = whole_result.clone();
                    has_result.get()
                        .then(|| {
                            let preview = Signal::derive(move || result.get().unwrap_or_default());
                            view! {
                                <h3>"Result"</h3>
                                <JsonBlock preview whole />
                            }
                        })
                }}
                {move || {
                    logs.get()
                        .unwrap_or_default()
                        .into_iter()
                        .map(|(attempt, part, logs)| view! { <LogBlock attempt part logs /> })
                        .collect_view()
                }}
                {move || {
                    may_rerun
                        .get()
                        .then(|| view! { <p class="step-rerun"><a class="button" href=rerun.clone()>"Rerun from here"</a></p> })
                }}
            </div>
        </details>
    }
}

/// Code, message and details of an error.
#[component]
pub(crate) fn ErrorBlock(error: TaskError) -> impl IntoView {
    view! {
        <div class="error-block">
            <p>
                <code>{error.code}</code>
                " "
                {error.message}
            </p>
            {error.details.map(|details| view! { <pre class="code" tabindex="0">{details}</pre> })}
        </div>
    }
}

#[component]
fn LogBlock(attempt: u32, part: TaskPart, logs: Logs) -> impl IntoView {
    let of = match (attempt, part) {
        (1, TaskPart::Action) => String::new(),
        (1, TaskPart::Save) => " of save".to_owned(),
        (n, TaskPart::Action) => format!(" of attempt {n}"),
        (n, TaskPart::Save) => format!(" of save, attempt {n}"),
    };
    let omitted = (logs.omitted_bytes > 0).then(
        || view! { <p class="note">{format!("{} before this left out.", format::bytes(logs.omitted_bytes))}</p> },
    );
    let stream = |name: &str, text: String| {
        (!text.is_empty()).then(|| {
            view! {
                <h3>{format!("{name}{of}")}</h3>
                <pre class="code log" tabindex="0">{text}</pre>
            }
        })
    };
    view! {
        {omitted}
        {stream("Output", logs.stdout)}
        {stream("Error output", logs.stderr)}
    }
}
