//! `/schedules/named/*name` and `/schedules/new`: one schedule, and the form that makes or changes one.

use super::{
    frame::{Area, Frame},
    problem::{FormProblem, ProblemPage},
    reader,
    schedules::{ScheduleActions, at_minute, next},
};
use crate::{
    components::Remove,
    href,
    islands::{JsonInput, TimeAgo, TimeUntil},
    server_fns::{INPUT_LIMIT, Rejected, ScheduleEntered},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use protocol::{
    Action,
    api::{ScheduleDetail, ScheduleSource},
};
use runtime::Api;

#[component]
pub(crate) fn NewSchedule() -> impl IntoView {
    let api = expect_context::<Api>();
    let path = use_query_map().read_untracked().get("path").unwrap_or_default();
    let rejected = use_context::<Rejected>();
    let entered = use_context::<ScheduleEntered>();
    Suspend::new(async move {
        if let Err(problem) = api.who().require(Action::Run) {
            return view! { <ProblemPage area=Some(Area::Schedules) problem /> }.into_any();
        }
        let paths = paths(&api).await;
        let entered = entered.unwrap_or_else(|| ScheduleEntered::new(path));
        view! {
            <Frame
                area=Some(Area::Schedules)
                title="New schedule"
                crumbs=vec![("New".to_owned(), href::NEW_SCHEDULE.to_owned())]
            >
                <header class="page-head">
                    <h1 tabindex="-1">"New schedule"</h1>
                </header>
                {rejected.map(|rejected| view! { <FormProblem problem=rejected.problem source="" /> })}
                <section class="panel" aria-label="Schedule">
                    <ScheduleForm entered is_new=true paths />
                </section>
            </Frame>
        }
        .into_any()
    })
}

#[component]
pub(crate) fn Schedule() -> impl IntoView {
    let api = expect_context::<Api>();
    let name = use_params_map().read_untracked().get("name").unwrap_or_default();
    let rejected = use_context::<Rejected>();
    let entered = use_context::<ScheduleEntered>();
    Suspend::new(async move {
        let schedule = match api.schedule(&name).await {
            Ok(schedule) => schedule,
            Err(problem) => return view! { <ProblemPage area=Some(Area::Schedules) problem /> }.into_any(),
        };
        let paths = paths(&api).await;
        view! { <Page schedule rejected entered paths /> }.into_any()
    })
}

/// What can be scheduled; the form takes any path, this is a help.
async fn paths(api: &Api) -> Vec<String> {
    let playbooks = api.playbooks(None).await.unwrap_or_default();
    playbooks.into_iter().map(|playbook| playbook.path).collect()
}

#[component]
fn Page(
    schedule: ScheduleDetail,
    rejected: Option<Rejected>,
    entered: Option<ScheduleEntered>,
    paths: Vec<String>,
) -> impl IntoView {
    let name = schedule.name.clone();
    let here = href::schedule(&name);
    let is_ours = schedule.source == ScheduleSource::Api;
    let may_change = is_ours && reader::may(Action::Run);
    let entered = entered.unwrap_or_else(|| ScheduleEntered::of(&schedule));
    let upcoming = schedule.upcoming.clone();
    let last = schedule.last_execution.map(|id| {
        let at = schedule.last_at.unwrap_or(schedule.updated_at);
        view! { <span>"last " <a href=href::execution(id)><TimeAgo at /></a></span> }
    });
    view! {
        <Frame area=Some(Area::Schedules) title=name.clone() crumbs=vec![(name.clone(), here.clone())]>
            <header class="page-head">
                <div class="page-head-text">
                    <h1 tabindex="-1">{name.clone()}</h1>
                    <p class="answer">
                        <span>"next " <b>{next(&schedule)}</b></span>
                        <a href=href::playbook(&schedule.path)>{schedule.path.clone()}</a>
                        {schedule.version.map(|version| view! { <span>{format!("version {version}")}</span> })}
                        <span><code>{schedule.cron.clone()}</code> " " {schedule.timezone.clone()}</span>
                        {last}
                    </p>
                </div>
                <div class="page-tools">
                    <ScheduleActions name=name.clone() paused=schedule.paused return_to=here />
                    {may_change.then(|| view! { <Remove verb="Delete" name=name.clone() effect="What it started goes on." action="/api/sf/delete_schedule" /> })}
                </div>
            </header>
            {rejected.map(|rejected| view! { <FormProblem problem=rejected.problem source="" /> })}
            <div class="columns">
                <section class="panel" aria-labelledby="upcoming">
                    <h2 id="upcoming" class="panel-title">
                        {if schedule.paused { "Times it would have" } else { "Next times" }}
                    </h2>
                    <table class="table">
                        <tbody>
                            {upcoming
                                .into_iter()
                                .map(|at| {
                                    view! {
                                        <tr>
                                            <td class="number">{at_minute(at)}</td>
                                            <td class="end"><TimeUntil at /></td>
                                        </tr>
                                    }
                                })
                                .collect_view()}
                        </tbody>
                    </table>
                </section>
                <section class="panel" aria-labelledby="rules">
                    <h2 id="rules" class="panel-title">{if may_change { "Change it" } else { "Rules" }}</h2>
                    {if may_change {
                        view! { <ScheduleForm entered is_new=false paths /> }.into_any()
                    } else {
                        view! {
                            <dl class="facts">
                                <dt>"While the last one still runs"</dt>
                                <dd>{schedule.overlap.word()}</dd>
                                <dt>"Times that were missed"</dt>
                                <dd>{schedule.catch_up.word()}</dd>
                                <dt>"Input"</dt>
                                <dd><code>{entered.input}</code></dd>
                            </dl>
                            {(!is_ours)
                                .then(|| {
                                    view! {
                                        <p class="note">
                                            "It stands in its playbook: register a new version to change it. "
                                            <a href=href::playbook(&schedule.path)>"The playbook"</a>
                                        </p>
                                    }
                                })}
                        }
                        .into_any()
                    }}
                </section>
            </div>
        </Frame>
    }
}

#[component]
fn ScheduleForm(entered: ScheduleEntered, is_new: bool, paths: Vec<String>) -> impl IntoView {
    let choice = |name: &'static str, chosen: &str, options: [(&'static str, &'static str); 3]| {
        let chosen = chosen.to_owned();
        let options = options
            .into_iter()
            .map(|(value, text)| view! { <option value=value selected=value == chosen>{text}</option> })
            .collect_view();
        view! { <select class="field" id=name name=name>{options}</select> }
    };
    view! {
        <form class="run-form schedule-form" method="post" action="/api/sf/put_schedule">
            <input type="hidden" name="is_new" value=is_new.to_string() />
            {if is_new {
                view! {
                    <label for="schedule-name">"Name"</label>
                    <input
                        class="field"
                        id="schedule-name"
                        name="name"
                        value=entered.name
                        required
                        maxlength="128"
                        autocomplete="off"
                        placeholder="nightly-report"
                    />
                }
                .into_any()
            } else {
                view! { <input type="hidden" name="name" value=entered.name /> }.into_any()
            }}
            <label for="schedule-path">"Playbook"</label>
            <input
                class="field"
                id="schedule-path"
                name="path"
                value=entered.path
                required
                list="schedule-paths"
                autocomplete="off"
            />
            <datalist id="schedule-paths">
                {paths.into_iter().map(|path| view! { <option value=path></option> }).collect_view()}
            </datalist>
            <label for="schedule-version">"Version"</label>
            <input
                class="field"
                id="schedule-version"
                name="version"
                value=entered.version
                inputmode="numeric"
                autocomplete="off"
                placeholder="newest"
            />
            <label for="schedule-cron">
                "When "
                <span class="quiet">"— minute, hour, day, month, weekday; or " <code>"@daily"</code> " and the like"</span>
            </label>
            <input
                class="field code"
                id="schedule-cron"
                name="cron"
                value=entered.cron
                required
                maxlength="200"
                autocomplete="off"
                placeholder="0 6 * * 1-5"
            />
            <label for="schedule-timezone">"Time zone"</label>
            <input
                class="field"
                id="schedule-timezone"
                name="timezone"
                value=entered.timezone
                autocomplete="off"
                placeholder="UTC"
            />
            <label for="overlap">"While the last one still runs"</label>
            {choice("overlap", &entered.overlap, [
                ("allow", "start another beside it"),
                ("skip", "leave this time out"),
                ("queue", "wait until it has ended"),
            ])}
            <label for="catch_up">"Times that were missed"</label>
            {choice("catch_up", &entered.catch_up, [
                ("none", "are gone"),
                ("last", "the last of them is made up for"),
                ("all", "all are made up for"),
            ])}
            <label for="run-input">"Input, as JSON " <span class="quiet">"— merged over the workload"</span></label>
            <JsonInput name="input".to_owned() value=entered.input limit_bytes=INPUT_LIMIT />
            <p class="actions">
                <button class="button primary" type="submit">{if is_new { "Create schedule" } else { "Save" }}</button>
            </p>
        </form>
    }
}
