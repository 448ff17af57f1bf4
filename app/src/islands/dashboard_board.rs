//! The dashboard's numbers and lists.

use crate::{
    components::{ExecutionTable, Rate, RowsOf, StatusMark},
    format, href,
    live::{follow, now, release_with, use_clock},
};
use leptos::{html::Div, prelude::*};
use protocol::{
    StepStatus, Topic,
    api::{ExecutionQuery, StatusCounts},
    view::DashboardView,
};

#[island]
pub fn DashboardBoard(dashboard: DashboardView) -> impl IntoView {
    let root = NodeRef::<Div>::new();
    release_with(root);
    let clock = use_clock();
    let position = dashboard.position;
    let view = RwSignal::new(dashboard);
    follow(Topic::WorkflowExecutions, position, move |events| {
        view.update(|view| events.iter().for_each(|event| view.apply(event)));
    });
    Effect::new(move || {
        clock.now();
        view.update(|view| view.advance(now()));
    });
    let counts = Memo::new(move |_| view.with(|view| view.counts));
    let running = Memo::new(move |_| view.with(|view| view.running.clone()));
    let failures = Memo::new(move |_| view.with(|view| view.failures.clone()));
    let rate = Memo::new(move |_| view.with(|view| view.rate.clone()));
    view! {
        <div node_ref=root data-topic=Topic::WorkflowExecutions.to_string() data-after=position.to_string()>
            <div class="tiles">
                <Tile counts status=StepStatus::Running of=|counts| counts.running />
                <Tile counts status=StepStatus::Failed of=|counts| counts.failed />
                <Tile counts status=StepStatus::Completed of=|counts| counts.completed />
                <Tile counts status=StepStatus::Cancelled of=|counts| counts.cancelled />
                <section class="tile tile-rate" aria-label="Event rate">
                    <h2 class="tile-name">"Updates"</h2>
                    <Rate per_second=rate />
                </section>
            </div>
            <div class="columns">
                <section class="panel" aria-labelledby="running-now">
                    <h2 id="running-now" class="panel-title">"Running now"</h2>
                    {move || {
                        if running.with(Vec::is_empty) {
                            view! { <NothingRuns counts /> }.into_any()
                        } else {
                            view! { <ExecutionTable rows=running clock caption="Executions running now" /> }.into_any()
                        }
                    }}
                </section>
                <section class="panel" aria-labelledby="recent-failures">
                    <h2 id="recent-failures" class="panel-title">"Recent failures"</h2>
                    {move || {
                        if failures.with(Vec::is_empty) {
                            view! { <p class="panel-empty quiet">"Nothing has failed."</p> }.into_any()
                        } else {
                            view! {
                                <ExecutionTable rows=failures clock caption="Executions that failed recently" rows_of=RowsOf::Failures />
                            }
                                .into_any()
                        }
                    }}
                </section>
            </div>
        </div>
    }
}

/// Before the very first execution: how to get one.
#[component]
fn NothingRuns(counts: Memo<StatusCounts>) -> impl IntoView {
    let is_first = move || counts.with(|counts| *counts == StatusCounts::default());
    view! {
        <p class="panel-empty quiet">
            "Nothing is running. "
            {move || {
                is_first()
                    .then(|| {
                        view! {
                            <a class="quiet" href=href::PLAYBOOKS>"Choose a playbook to run"</a>
                            " or, in a terminal: "
                            <code>"signalbox run samples/hello"</code>
                        }
                    })
            }}
        </p>
    }
}

/// One number, leading to the executions it counts.
#[component]
fn Tile(counts: Memo<StatusCounts>, status: StepStatus, of: fn(&StatusCounts) -> u64) -> impl IntoView {
    // The count of running ones includes the queued.
    let filter = match status {
        StepStatus::Running => "queued,running",
        status => status.word(),
    };
    let target = href::executions(&ExecutionQuery { status: Some(filter.to_owned()), ..ExecutionQuery::default() });
    let number = Memo::new(move |_| counts.with(of));
    view! {
        <a class="tile" href=target data-status=status.word() data-zero=move || (number.get() == 0).then_some("")>
            <span class="tile-name">
                <StatusMark status />
                {crate::components::label(status)}
            </span>
            <b class="tile-number number">{move || format::count(number.get())}</b>
        </a>
    }
}
