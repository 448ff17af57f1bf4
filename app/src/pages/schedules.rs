//! `/schedules`: what starts by the clock, and when next.

use super::{
    frame::{Area, Frame},
    problem::{FormProblem, ProblemPage},
    reader,
};
use crate::{
    components::Empty,
    format::{self, Zone},
    href,
    islands::{TimeAgo, TimeUntil},
    server_fns::Rejected,
};
use leptos::prelude::*;
use protocol::{
    Action,
    api::{ScheduleDetail, ScheduleQuery},
};
use runtime::Api;

#[component]
pub(crate) fn Schedules() -> impl IntoView {
    let api = expect_context::<Api>();
    let rejected = use_context::<Rejected>();
    Suspend::new(async move {
        let schedules = match api.schedules(ScheduleQuery::default()).await {
            Ok(list) => list.schedules,
            Err(problem) => return view! { <ProblemPage area=Some(Area::Schedules) problem /> }.into_any(),
        };
        view! {
            <Frame area=Some(Area::Schedules) title="Schedules">
                <header class="page-head">
                    <h1 tabindex="-1">"Schedules"</h1>
                    <div class="page-tools">
                        {reader::may(Action::Run)
                            .then(|| view! { <a class="button primary" href=href::NEW_SCHEDULE>"New schedule"</a> })}
                    </div>
                </header>
                {rejected.map(|rejected| view! { <FormProblem problem=rejected.problem source="" /> })}
                <section class="panel" aria-label="Schedules">
                    {if schedules.is_empty() {
                        view! {
                            <Empty title="Nothing starts by itself yet.">
                                <p>
                                    {reader::may(Action::Run)
                                        .then(|| {
                                            view! {
                                                <a class="button primary" href=href::NEW_SCHEDULE>"New schedule"</a>
                                                " or, in "
                                            }
                                        })}
                                    "A playbook says: "
                                    <code>"schedule: {cron: \"0 6 * * 1-5\", timezone: Europe/Berlin}"</code>
                                </p>
                            </Empty>
                        }
                        .into_any()
                    } else {
                        view! { <Table schedules /> }.into_any()
                    }}
                </section>
            </Frame>
        }
        .into_any()
    })
}

#[component]
fn Table(schedules: Vec<ScheduleDetail>) -> impl IntoView {
    view! {
        <table class="table schedule-table">
            <caption class="visually-hidden">"Schedules by name"</caption>
            <thead>
                <tr>
                    <th scope="col">"Schedule"</th>
                    <th scope="col" class="wide">"Playbook"</th>
                    <th scope="col">"When"</th>
                    <th scope="col">"Next"</th>
                    <th scope="col" class="wide">"Last"</th>
                    <th scope="col" class="end"><span class="visually-hidden">"Actions"</span></th>
                </tr>
            </thead>
            <tbody>{schedules.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
}

fn row(schedule: ScheduleDetail) -> impl IntoView {
    let name = schedule.name.clone();
    let last = schedule.last_execution.map(|id| {
        let at = schedule.last_at.unwrap_or(schedule.updated_at);
        view! { <a href=href::execution(id)><TimeAgo at /></a> }
    });
    view! {
        <tr data-paused=schedule.paused.to_string()>
            <td>
                <a href=href::schedule(&name) title=name.clone()>{name.clone()}</a>
            </td>
            <td class="wide"><a href=href::playbook(&schedule.path)>{schedule.path.clone()}</a></td>
            <td><code title=schedule.timezone.clone()>{schedule.cron.clone()}</code></td>
            <td>{next(&schedule)}</td>
            <td class="wide">{last}</td>
            <td class="end">
                <ScheduleActions name paused=schedule.paused return_to=href::SCHEDULES.to_owned() />
            </td>
        </tr>
    }
}

/// When it fires next, or why it does not.
pub(super) fn next(schedule: &ScheduleDetail) -> AnyView {
    match schedule.next_at {
        _ if schedule.paused => view! { <span class="quiet">"Paused"</span> }.into_any(),
        Some(at) => view! { <TimeUntil at /> }.into_any(),
        None => view! { <span class="quiet">"Never again"</span> }.into_any(),
    }
}

/// `2026-01-31 07:48 UTC`.
pub(super) fn at_minute(at: protocol::Timestamp) -> String {
    format::minute(at, Zone::Utc)
}

/// Run now; pause or resume; nothing for those who may not.
#[component]
pub(super) fn ScheduleActions(name: String, paused: bool, return_to: String) -> impl IntoView {
    let (verb, action) =
        if paused { ("Resume", "/api/sf/resume_schedule") } else { ("Pause", "/api/sf/pause_schedule") };
    let label = format!("{verb} {name}");
    let run = format!("Run now: {name}");
    reader::may(Action::Run).then(|| {
        view! {
            <span class="row-actions">
                <form method="post" action="/api/sf/run_schedule">
                    <input type="hidden" name="name" value=name.clone() />
                    <input type="hidden" name="return_to" value=return_to.clone() />
                    <button class="button" type="submit" aria-label=run>"Run now"</button>
                </form>
                <form method="post" action=action>
                    <input type="hidden" name="name" value=name />
                    <input type="hidden" name="return_to" value=return_to />
                    <button class="button" type="submit" aria-label=label>{verb}</button>
                </form>
            </span>
        }
    })
}
