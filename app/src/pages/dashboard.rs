//! `/`: what needs me, what runs, how the server does.

use super::{
    frame::{Area, Frame},
    problem::ProblemPage,
};
use crate::{
    islands::{DashboardBoard, SystemBoard},
    live,
};
use leptos::prelude::*;
use protocol::{Problem, api::SeriesQuery, view::ChartView};
use runtime::Api;

/// What the charts show, by the names the server measures itself under.
const CHARTS: [&str; 4] = ["cpu_usage", "memory_usage", "event_rate", "queue_depth"];
/// How far back.
const MINUTES: i64 = 15;

#[component]
pub(crate) fn Dashboard() -> impl IntoView {
    let api = expect_context::<Api>();
    Suspend::new(async move {
        let loaded = async { Ok::<_, Problem>((api.dashboard().await?, charts(&api).await?)) };
        match loaded.await {
            Ok((dashboard, charts)) => view! {
                <Frame area=Some(Area::Dashboard) title="Dashboard">
                    <header class="page-head">
                        <h1 tabindex="-1">"Dashboard"</h1>
                    </header>
                    <DashboardBoard dashboard />
                    <SystemBoard charts />
                </Frame>
            }
            .into_any(),
            Err(problem) => view! { <ProblemPage area=Some(Area::Dashboard) problem /> }.into_any(),
        }
    })
}

async fn charts(api: &Api) -> Result<Vec<ChartView>, Problem> {
    let from = Some(live::now().0 - MINUTES * 60_000);
    let mut charts = Vec::new();
    for name in CHARTS {
        let query = SeriesQuery { name: name.to_owned(), from, ..SeriesQuery::default() };
        charts.push(ChartView::of(&api.metric_series(query).await?));
    }
    Ok(charts)
}
