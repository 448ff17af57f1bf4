//! The agents of other programs, each as it said last.

use crate::{
    components::{StatusMark, When},
    href,
    live::{Clock, follow, release_with, use_clock},
};
use leptos::{html::Div, prelude::*};
use protocol::{
    StepStatus, Topic,
    event::{AgentState, AgentStatus},
    view::AgentsView,
};

#[island]
pub fn AgentBoard(agents: AgentsView) -> impl IntoView {
    let root = NodeRef::<Div>::new();
    release_with(root);
    let clock = use_clock();
    let position = agents.position;
    let view = RwSignal::new(agents);
    follow(Topic::AgentStates, position, move |events| {
        view.update(|view| events.iter().for_each(|event| view.apply(event)));
    });
    let names = Memo::new(move |_| {
        view.with(|view| view.agents.iter().map(|agent| agent.agent_id.clone()).collect::<Vec<_>>())
    });
    let count = move |of: fn(AgentStatus) -> bool| {
        view.with(|view| view.agents.iter().filter(|agent| of(agent.status)).count())
    };
    let said = move || {
        let (all, working) =
            (count(|_| true), count(|status| matches!(status, AgentStatus::Active | AgentStatus::Busy)));
        let (failed, away) =
            (count(|status| status == AgentStatus::Error), count(|status| status == AgentStatus::Offline));
        format!("{all} known, {working} at work, {failed} in trouble, {away} offline.")
    };
    view! {
        <div node_ref=root data-topic=Topic::AgentStates.to_string() data-after=position.to_string()>
            <p class="tap-tools quiet number" role="status" hidden=move || names.with(Vec::is_empty)>{said}</p>
            <table class="table stream-table agent-table">
                <caption class="visually-hidden">"Agents by name"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Status"</th>
                        <th scope="col">"Agent"</th>
                        <th scope="col">"Task"</th>
                        <th scope="col" class="end wide">"CPU"</th>
                        <th scope="col" class="end wide">"Memory"</th>
                        <th scope="col" class="end wide">"Connections"</th>
                        <th scope="col" class="end">"Heard"</th>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || names.get() key=String::clone let(name)>
                        <Row name view clock />
                    </For>
                </tbody>
            </table>
        </div>
    }
}

#[component]
fn Row(name: String, view: RwSignal<AgentsView>, clock: Clock) -> impl IntoView {
    let target = href::topic_events(&Topic::Agent(name.clone()));
    let shown = name.clone();
    let agent = Memo::new(move |known: Option<&Option<AgentState>>| {
        let found = view.with(|view| view.agents.iter().find(|agent| agent.agent_id == name).cloned());
        found.or_else(|| known.cloned().flatten())
    });
    let of = move |f: fn(&AgentState) -> String| move || agent.with(|agent| agent.as_ref().map(f).unwrap_or_default());
    let status =
        Memo::new(move |_| agent.with(|agent| agent.as_ref().map_or(StepStatus::Queued, |agent| look(agent.status).0)));
    let word = of(|agent| look(agent.status).1.to_owned());
    let task = of(|agent| agent.current_task.clone().unwrap_or_default());
    let heard =
        Signal::derive(move || agent.with(|agent| agent.as_ref().map(|agent| agent.timestamp).unwrap_or_default()));
    view! {
        <tr data-status=move || status.get().word()>
            <td>
                <span class="status" data-status=move || status.get().word()>
                    <StatusMark status />
                    <span>{word}</span>
                </span>
            </td>
            <td title=shown.clone()><a href=target>{shown.clone()}</a></td>
            <td class="stream-text" title=task>{task}</td>
            <td class="end wide number">{of(|agent| format!("{:.0} %", agent.resource_usage.cpu))}</td>
            <td class="end wide number">{of(|agent| format!("{:.0} %", agent.resource_usage.memory))}</td>
            <td class="end wide number">{of(|agent| agent.resource_usage.active_connections.to_string())}</td>
            <td class="end"><When at=heard clock /></td>
        </tr>
    }
}

/// Shape and colour of a status that means as much, and the word.
fn look(status: AgentStatus) -> (StepStatus, &'static str) {
    match status {
        AgentStatus::Idle => (StepStatus::Queued, "Idle"),
        AgentStatus::Active => (StepStatus::Running, "Active"),
        AgentStatus::Busy => (StepStatus::Running, "Busy"),
        AgentStatus::Error => (StepStatus::Failed, "Error"),
        AgentStatus::Offline => (StepStatus::Cancelled, "Offline"),
    }
}
