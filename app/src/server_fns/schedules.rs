//! `POST /api/sf/put_schedule`, `delete_schedule`, `pause_schedule`, `resume_schedule`, `run_schedule`

use super::{
    input,
    reply::{Html, Reply, own_place},
};
use crate::href;
use leptos::{prelude::*, server, server_fn::codec::PostUrl};
use protocol::{
    Problem,
    api::{CatchUp, Overlap, ScheduleDetail, ScheduleRequest},
};
use runtime::Api;

/// What stands in the form of a schedule.
#[derive(Clone, Debug, Default)]
pub(crate) struct ScheduleEntered {
    pub(crate) name: String,
    pub(crate) path: String,
    /// Empty: the newest when it fires.
    pub(crate) version: String,
    pub(crate) cron: String,
    pub(crate) timezone: String,
    pub(crate) overlap: String,
    pub(crate) catch_up: String,
    /// As JSON.
    pub(crate) input: String,
}

impl ScheduleEntered {
    pub(crate) fn new(path: String) -> Self {
        Self { path, input: "{}".to_owned(), ..Self::default() }
    }

    pub(crate) fn of(schedule: &ScheduleDetail) -> Self {
        Self {
            name: schedule.name.clone(),
            path: schedule.path.clone(),
            version: schedule.version.map(|version| version.to_string()).unwrap_or_default(),
            cron: schedule.cron.clone(),
            timezone: schedule.timezone.clone(),
            overlap: schedule.overlap.word().to_owned(),
            catch_up: schedule.catch_up.word().to_owned(),
            input: serde_json::to_string_pretty(&schedule.input).unwrap_or_default(),
        }
    }

    fn request(&self) -> Result<ScheduleRequest, Problem> {
        let overlap = match self.overlap.as_str() {
            "skip" => Overlap::Skip,
            "queue" => Overlap::Queue,
            _ => Overlap::Allow,
        };
        let catch_up = match self.catch_up.as_str() {
            "last" => CatchUp::Last,
            "all" => CatchUp::All,
            _ => CatchUp::None,
        };
        let timezone = self.timezone.trim();
        Ok(ScheduleRequest {
            name: None,
            path: self.path.trim().to_owned(),
            version: version(&self.version)?,
            cron: self.cron.trim().to_owned(),
            timezone: (!timezone.is_empty()).then(|| timezone.to_owned()),
            overlap,
            catch_up,
            input: input::parse(&self.input)?,
            paused: None,
        })
    }
}

/// Nothing or `newest`: whatever is the newest when it fires.
fn version(text: &str) -> Result<Option<u32>, Problem> {
    match text.trim() {
        "" | "newest" => Ok(None),
        text => text.parse().map(Some).map_err(|_| {
            let detail = format!("`{text}` is no version: versions are numbers from 1; leave it empty for the newest");
            Problem::bad_request("invalid_version", detail)
        }),
    }
}

/// To the schedule; back to the form with what is wrong.
#[server(prefix = "/api/sf", endpoint = "put_schedule", input = PostUrl, output = Html)]
#[allow(clippy::too_many_arguments)]
pub async fn put_schedule(
    is_new: bool,
    name: String,
    path: String,
    #[server(default)] version: String,
    cron: String,
    timezone: String,
    overlap: String,
    catch_up: String,
    input: String,
) -> Result<Reply, ServerFnError> {
    let api = expect_context::<Api>();
    let input = input.replace("\r\n", "\n");
    let entered = ScheduleEntered { name, path, version, cron, timezone, overlap, catch_up, input };
    let put = async {
        let request = entered.request()?;
        if is_new {
            api.add_schedule(ScheduleRequest { name: Some(entered.name.trim().to_owned()), ..request }).await
        } else {
            api.put_schedule(&entered.name, request).await.map(|(schedule, _)| schedule)
        }
    };
    Ok(match put.await {
        Ok(schedule) => Reply::see_other(&href::schedule(&schedule.name)),
        Err(problem) => {
            let place = if is_new { href::NEW_SCHEDULE.to_owned() } else { href::schedule(&entered.name) };
            Reply::rejected_with(&place, problem, entered).await
        }
    })
}

#[server(prefix = "/api/sf", endpoint = "delete_schedule", input = PostUrl, output = Html)]
pub async fn delete_schedule(name: String) -> Result<Reply, ServerFnError> {
    let deleted = expect_context::<Api>().delete_schedule(&name).await;
    Ok(answer(deleted, href::SCHEDULES, &href::schedule(&name)).await)
}

#[server(prefix = "/api/sf", endpoint = "pause_schedule", input = PostUrl, output = Html)]
pub async fn pause_schedule(name: String, return_to: String) -> Result<Reply, ServerFnError> {
    let paused = expect_context::<Api>().pause_schedule(&name).await;
    Ok(answer(paused, own_place(&return_to), href::SCHEDULES).await)
}

#[server(prefix = "/api/sf", endpoint = "resume_schedule", input = PostUrl, output = Html)]
pub async fn resume_schedule(name: String, return_to: String) -> Result<Reply, ServerFnError> {
    let resumed = expect_context::<Api>().resume_schedule(&name).await;
    Ok(answer(resumed, own_place(&return_to), href::SCHEDULES).await)
}

/// To the execution it started.
#[server(prefix = "/api/sf", endpoint = "run_schedule", input = PostUrl, output = Html)]
pub async fn run_schedule(name: String, return_to: String) -> Result<Reply, ServerFnError> {
    Ok(match expect_context::<Api>().run_schedule(&name, None).await {
        Ok(submitted) => Reply::see_other(&href::execution(submitted.execution_id)),
        Err(problem) => Reply::refused(own_place(&return_to), problem).await,
    })
}

async fn answer<T>(done: Result<T, Problem>, then: &str, back: &str) -> Reply {
    match done {
        Ok(_) => Reply::see_other(then),
        Err(problem) => Reply::refused(back, problem).await,
    }
}
