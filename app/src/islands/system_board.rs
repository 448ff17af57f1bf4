//! How the server does: its measurements of the last minutes.

use crate::{
    components::Chart,
    live::{follow, now, release_with, use_clock},
};
use leptos::{html::Section, prelude::*};
use protocol::{Position, Topic, view::ChartView};

/// `charts`: as the dashboard names them, in their order.
#[island]
pub fn SystemBoard(charts: Vec<ChartView>) -> impl IntoView {
    let root = NodeRef::<Section>::new();
    release_with(root);
    let clock = use_clock();
    let charts: Vec<RwSignal<ChartView>> = charts.into_iter().map(RwSignal::new).collect();
    let followed = charts.clone();
    // Measurements are kept in rows and not in the log: there is nothing to catch up with.
    follow(Topic::PerformanceMetrics, Position(0), move |events| {
        for chart in &followed {
            chart.update(|chart| events.iter().for_each(|event| chart.apply(event)));
        }
    });
    let passing = charts.clone();
    Effect::new(move || {
        clock.now();
        passing.iter().for_each(|chart| chart.update(|chart| chart.advance(now())));
    });
    let figures = charts
        .into_iter()
        .map(|chart| {
            let label = chart.with_untracked(|chart| label(&chart.name));
            view! { <Chart label chart /> }
        })
        .collect_view();
    view! {
        <section class="panel" aria-labelledby="system" node_ref=root data-topic=Topic::PerformanceMetrics.to_string()>
            <h2 id="system" class="panel-title">
                "This server"
                <span class="quiet">"last 15 min"</span>
            </h2>
            <div class="charts">{figures}</div>
        </section>
    }
}

fn label(name: &str) -> &'static str {
    match name {
        "cpu_usage" => "CPU",
        "memory_usage" => "Memory",
        "event_rate" => "Events per second",
        "queue_depth" => "Tasks that wait",
        "active_connections" => "Connections",
        _ => "Running",
    }
}
