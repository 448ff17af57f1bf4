//! One row per attempt: queue time hatched, run time solid, on a shared axis.

use super::{StatusMark, timeline_scale::Scale};
use crate::{format, href, live::Clock};
use leptos::prelude::*;
use protocol::{
    TaskPart, Timestamp,
    view::{AttemptView, ExecutionView},
};

#[component]
pub(crate) fn Timeline(execution: RwSignal<ExecutionView>, clock: Clock) -> impl IntoView {
    let has_open = Memo::new(move |_| execution.with(|view| view.attempts.iter().any(|a| a.ended_at.is_none())));
    let scale = Memo::new(move |_| {
        // Only running attempts make the axis grow by itself.
        let now = if has_open.get() { clock.now() } else { clock.now_untracked() };
        execution.with(|view| Scale::new(view.attempts.iter().map(|a| (a.queued_at, end(a, now))).collect()))
    });
    let keys = Memo::new(move |_| execution.with(|view| view.attempts.iter().map(key).collect::<Vec<_>>()));
    let omitted = Memo::new(move |_| execution.with(|view| view.attempts_omitted));
    let axis = move || {
        let (first, last) = execution.with(|view| {
            let now = clock.now_untracked();
            let first = view.attempts.iter().map(|a| a.queued_at).min()?;
            Some((first, view.attempts.iter().map(|a| end(a, now)).max()?))
        })?;
        scale.track();
        Some(format::duration(last.ms_since(first)))
    };
    view! {
        <div class="timeline">
            {move || {
                (omitted.get() > 0)
                    .then(|| view! { <p class="note">{format!("{} earlier attempts are not shown.", omitted.get())}</p> })
            }}
            <ol class="timeline-rows">
                <For each=move || keys.get() key=|key| key.clone() let(key)>
                    <AttemptRow key execution scale clock />
                </For>
            </ol>
            <p class="timeline-axis" aria-hidden="true">
                <span>"0"</span>
                <span>{axis}</span>
            </p>
        </div>
    }
}

type Key = (String, u32, u32, TaskPart, Option<u32>);

fn key(attempt: &AttemptView) -> Key {
    (attempt.step.clone(), attempt.visit, attempt.attempt, attempt.part, attempt.item)
}

fn end(attempt: &AttemptView, now: Timestamp) -> Timestamp {
    attempt.ended_at.unwrap_or_else(|| now.max(attempt.started_at))
}

#[component]
fn AttemptRow(key: Key, execution: RwSignal<ExecutionView>, scale: Memo<Scale>, clock: Clock) -> impl IntoView {
    let target = format!("#{}", href::step_anchor(&key.0));
    let name = name(&key);
    let step = key.0.clone();
    let attempt = Memo::new(move |known: Option<&Option<AttemptView>>| {
        let found = execution.with(|view| view.attempts.iter().find(|attempt| self::key(attempt) == key).cloned());
        found.or_else(|| known.cloned().flatten())
    });
    let with = move |f: fn(&AttemptView) -> Timestamp| attempt.with(|a| a.as_ref().map(f)).unwrap_or_default();
    let status = Signal::derive(move || attempt.with(|a| a.as_ref().map(|a| a.status)).unwrap_or_default());
    let ended = Signal::derive(move || attempt.with(|a| a.as_ref().and_then(|a| a.ended_at)));
    let left = move || scale.with(|scale| scale.x(with(|a| a.queued_at)));
    let middle = move || scale.with(|scale| scale.x(with(|a| a.started_at)));
    let right = move || match ended.get() {
        Some(end) => scale.with(|scale| scale.x(end)),
        None => scale.with(|scale| scale.x(clock.now())),
    };
    let percent = |x: f64| format!("{x:.2}%");
    let folds = move || {
        scale
            .with(Scale::folds)
            .into_iter()
            .map(|(x, idle_ms)| {
                view! {
                    <rect class="timeline-fold" x=percent(x) y="0" width=percent(Scale::fold_width()) height="100%">
                        <title>{format!("{} idle", format::duration(idle_ms))}</title>
                    </rect>
                }
            })
            .collect_view()
    };
    view! {
        <li class="timeline-row" data-status=move || status.get().word()>
            <a class="timeline-name" href=target title=step>
                <StatusMark status />
                <span>{name}</span>
            </a>
            <svg class="timeline-track" height="16" aria-hidden="true">
                {folds}
                <rect
                    class="timeline-queue"
                    fill="url(#hatch)"
                    x=move || percent(left())
                    y="5"
                    width=move || percent((middle() - left()).max(0.0))
                    height="6"
                />
                <rect
                    class="timeline-run"
                    x=move || percent(middle())
                    y="3"
                    width=move || percent((right() - middle()).max(0.3))
                    height="10"
                    rx="2"
                />
            </svg>
            <span class="timeline-length number">
                {move || clock.elapsed(with(|a| a.started_at), ended.get())}
            </span>
        </li>
    }
}

fn name((step, visit, attempt, part, item): &Key) -> String {
    let mut name = step.clone();
    if let Some(item) = item {
        name.push_str(&format!(" #{item}"));
    }
    if *visit > 1 {
        name.push_str(&format!(" · visit {visit}"));
    }
    if *attempt > 1 {
        name.push_str(&format!(" · attempt {attempt}"));
    }
    if *part == TaskPart::Save {
        name.push_str(" · save");
    }
    name
}
