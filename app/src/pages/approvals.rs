//! `/approvals`: what waits for a person.

use super::{
    frame::{Area, Frame},
    problem::{FormProblem, ProblemPage},
    reader,
};
use crate::{
    components::{ApprovalEntered, ApprovalForm, Empty},
    format::short_id,
    href,
    islands::{TimeAgo, TimeUntil},
    server_fns::Rejected,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use protocol::{
    Action,
    api::{ApprovalQuery, WaitingApproval},
};
use runtime::Api;

/// Approvals on one page.
const LIMIT: u32 = 50;

#[component]
pub(crate) fn Approvals() -> impl IntoView {
    let api = expect_context::<Api>();
    let rejected = use_context::<Rejected>();
    let entered = use_context::<ApprovalEntered>();
    let query = use_query_map();
    let path = query.read_untracked().get("path").filter(|path| !path.is_empty());
    let cursor = query.read_untracked().get("cursor").filter(|cursor| !cursor.is_empty());
    Suspend::new(async move {
        let query = ApprovalQuery { path, cursor, limit: Some(LIMIT), ..ApprovalQuery::default() };
        let page = match api.approvals(query.clone()).await {
            Ok(page) => page,
            Err(problem) => return view! { <ProblemPage area=Some(Area::Approvals) problem /> }.into_any(),
        };
        let is_empty = page.approvals.is_empty();
        // What is wrong stands at the form it is wrong with, if that still waits.
        let is_refused = |asked: &WaitingApproval| {
            entered.as_ref().is_some_and(|entered| entered.is_of(asked.execution_id, &asked.step, asked.visit))
        };
        let (mut here, above) = if page.approvals.iter().any(is_refused) { (rejected, None) } else { (None, rejected) };
        let may_answer = reader::may(Action::Run);
        let panels = page.approvals.into_iter().map(|asked| {
            let refused = if is_refused(&asked) { here.take() } else { None };
            panel(asked, refused, entered.clone(), may_answer)
        });
        let panels = panels.collect_view();
        let next = page.next.map(|cursor| href::approvals(query.path.as_deref(), Some(&cursor)));
        view! {
            <Frame area=Some(Area::Approvals) title="Approvals">
                <header class="page-head">
                    <div class="page-head-text">
                        <h1 tabindex="-1">"Approvals"</h1>
                        <p class="answer">
                            {if is_empty { "Nothing waits for you." } else { "These steps wait for an answer, the oldest first." }}
                        </p>
                    </div>
                </header>
                {above.map(|rejected| view! { <FormProblem problem=rejected.problem source="" /> })}
                {is_empty
                    .then(|| {
                        view! {
                            <section class="panel" aria-label="Approvals">
                                <Empty title="Nothing waits for an answer.">
                                    <p>
                                        "A step of " <code>"type: approval"</code> " asks here, and goes on with what is answered."
                                    </p>
                                </Empty>
                            </section>
                        }
                    })}
                {panels}
                {next.map(|next| view! { <p class="pager"><a class="button" href=next>"Next"</a></p> })}
            </Frame>
        }
        .into_any()
    })
}

fn panel(
    asked: WaitingApproval,
    refused: Option<Rejected>,
    entered: Option<ApprovalEntered>,
    may_answer: bool,
) -> impl IntoView {
    let id = asked.execution_id;
    let title = format!("ask-{id}-{}-{}", href::step_anchor(&asked.step), asked.visit);
    let due = asked.due.map(|at| view! { <span>", due " <TimeUntil at /></span> });
    view! {
        <section class="panel ask" aria-labelledby=title.clone()>
            <h2 id=title.clone() class="panel-title">
                <span>
                    {asked.step.clone()} " in " <a href=href::execution(id)>{format!("{} {}", asked.path, short_id(id))}</a>
                </span>
                <span class="quiet">"asked " <TimeAgo at=asked.requested_at /> {due}</span>
            </h2>
            {refused.map(|rejected| view! { <FormProblem problem=rejected.problem source="" /> })}
            <ApprovalForm
                execution_id=id
                step=asked.step
                visit=asked.visit
                message=asked.message
                form=asked.form
                return_to=href::APPROVALS.to_owned()
                entered
                may_answer
            />
        </section>
    }
}
