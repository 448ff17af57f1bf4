//! Pages that are not there and pages that could not be made, with the right status.

use super::{
    event_query::TOPICS,
    frame::{Area, Frame},
    reader,
};
use crate::{
    components::{Diagnostics, Empty},
    href,
};
use http::StatusCode;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use protocol::Problem;

/// The answer's status becomes the problem's.
pub(crate) fn set_status(problem: &Problem) {
    if let (Some(response), Ok(status)) = (use_context::<ResponseOptions>(), StatusCode::from_u16(problem.status)) {
        response.set_status(status);
    }
}

/// Instead of a page: what went wrong, and the way on.
#[component]
pub(crate) fn ProblemPage(#[prop(optional_no_strip)] area: Option<Area>, problem: Problem) -> impl IntoView {
    set_status(&problem);
    let is_final = matches!(problem.status, 403 | 404);
    let is_forbidden = problem.status == 403;
    // An area that is not theirs is no way back.
    let back = match area.filter(|area| area.is_theirs()) {
        Some(Area::Executions) => Some((href::EXECUTIONS, "All executions")),
        Some(Area::Playbooks) => Some((href::PLAYBOOKS, "All playbooks")),
        Some(Area::Credentials) => Some((href::CREDENTIALS, "All credentials")),
        Some(Area::Approvals) => Some((href::APPROVALS, "All approvals")),
        Some(Area::Events) => Some((href::EVENTS, "All events")),
        Some(Area::Schedules) => Some((href::SCHEDULES, "All schedules")),
        _ => Some((href::DASHBOARD, "Dashboard")),
    };
    view! {
        <Frame area title=problem.title.clone() crumbs=vec![(problem.title.clone(), String::new())]>
            <header class="page-head">
                <h1 tabindex="-1">{problem.title.clone()}</h1>
            </header>
            <section class="panel problem" data-status=problem.status.to_string()>
                <p>{sentence(&problem.detail)}</p>
                {is_forbidden.then(|| view! { <WhatNow area /> })}
                <p class="quiet">
                    <code>{format!("{} {}", problem.status, problem.code)}</code>
                </p>
                <p class="actions">
                    {back.map(|(href, text)| view! { <a class="button" href=href>{text}</a> })}
                    {(!is_final).then(|| view! { <a class="button" href="">"Try again"</a> })}
                </p>
            </section>
        </Frame>
    }
}

/// What one can do about not being allowed.
#[component]
fn WhatNow(#[prop(optional_no_strip)] area: Option<Area>) -> impl IntoView {
    let taps = (area == Some(Area::Events)).then(|| {
        let who = reader::who();
        let theirs = TOPICS.iter().filter(|(topic, _)| who.as_ref().is_some_and(|who| who.may_see(topic)));
        let tap = |(topic, name): &(_, &'static str)| view! { <li><a class="button" href=href::topic_events(topic)>{*name}</a></li> };
        view! {
            <p>"The events of one topic are yours to see:"</p>
            <ul class="actions">{theirs.map(tap).collect_view()}</ul>
        }
    });
    view! {
        {taps}
        <p>
            "For more, ask an admin of this server for another role, or "
            <a href=href::SETTINGS>"sign out"</a> " and in as somebody who may."
        </p>
    }
}

/// Next to a form: why it was not accepted.
#[component]
pub(crate) fn FormProblem(problem: Problem, #[prop(into)] source: String) -> impl IntoView {
    set_status(&problem);
    let count = problem.diagnostics.len();
    view! {
        <div class="form-problem" role="alert" id="form-problem" tabindex="-1" data-testid="form-problem">
            <p>
                <b>{problem.title}</b>
                ". "
                {sentence(&problem.detail)}
            </p>
            {(count > 0).then(|| view! { <Diagnostics diagnostics=problem.diagnostics source /> })}
        </div>
    }
}

/// No page has this URL.
#[component]
pub(crate) fn NotFound() -> impl IntoView {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.set_status(StatusCode::NOT_FOUND);
    }
    view! {
        <Frame area=None title="Not found">
            <header class="page-head">
                <h1 tabindex="-1">"Not found"</h1>
            </header>
            <Empty title="No page has this address.">
                <p>
                    <a class="button" href=href::DASHBOARD>"Dashboard"</a>
                </p>
            </Empty>
        </Frame>
    }
}

/// Problem details start in lower case, to stand after a colon; here they stand alone.
fn sentence(detail: &str) -> String {
    let mut chars = detail.chars();
    match chars.next() {
        Some(first) => {
            let end = if detail.ends_with(['.', '!', '?']) { "" } else { "." };
            format!("{}{}{end}", first.to_uppercase(), chars.as_str())
        }
        None => String::new(),
    }
}
