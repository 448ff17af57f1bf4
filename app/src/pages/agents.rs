//! `/agents`: who is there, and what each does.

use super::{
    frame::{Area, Frame},
    problem::ProblemPage,
};
use crate::{components::Empty, islands::AgentBoard};
use leptos::prelude::*;
use protocol::view::AgentsView;
use runtime::Api;

#[component]
pub(crate) fn Agents() -> impl IntoView {
    let api = expect_context::<Api>();
    Suspend::new(async move {
        let agents = match api.agents().await {
            Ok(list) => AgentsView::new(list),
            Err(problem) => return view! { <ProblemPage area=Some(Area::Agents) problem /> }.into_any(),
        };
        let is_empty = agents.agents.is_empty();
        view! {
            <Frame area=Some(Area::Agents) title="Agents">
                <header class="page-head">
                    <div class="page-head-text">
                        <h1 tabindex="-1">"Agents"</h1>
                        <p class="answer">"The agents of other programs, each as it said last."</p>
                    </div>
                </header>
                <section class="panel" aria-label="Agents">
                    <AgentBoard agents />
                    {is_empty
                        .then(|| {
                            view! {
                                <Empty title="No agent has said anything yet.">
                                    <p>"A program tells of its agents:"</p>
                                    <p><code>"signalbox publish agent_state agentId=scout status=busy resourceUsage.cpu=12.5 resourceUsage.memory=40 resourceUsage.activeConnections=2"</code></p>
                                </Empty>
                            }
                        })}
                </section>
            </Frame>
        }
        .into_any()
    })
}
