//! `/`: what needs me, what runs.

use super::{
    frame::{Area, Frame},
    problem::ProblemPage,
};
use crate::islands::DashboardBoard;
use leptos::prelude::*;
use runtime::Api;

#[component]
pub(crate) fn Dashboard() -> impl IntoView {
    let api = expect_context::<Api>();
    Suspend::new(async move {
        match api.dashboard().await {
            Ok(dashboard) => view! {
                <Frame area=Some(Area::Dashboard) title="Dashboard">
                    <header class="page-head">
                        <h1 tabindex="-1">"Dashboard"</h1>
                    </header>
                    <DashboardBoard dashboard />
                </Frame>
            }
            .into_any(),
            Err(problem) => view! { <ProblemPage area=Some(Area::Dashboard) problem /> }.into_any(),
        }
    })
}
