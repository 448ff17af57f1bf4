//! Schedules: put, look, pause, run now.

use super::{Api, from_store, submit};
use crate::schedules::Spec;
use protocol::{
    Action, Problem, Timestamp,
    api::{ScheduleDetail, ScheduleList, ScheduleQuery, ScheduleRequest, ScheduleSource, SubmitRequest, Submitted},
};
use store::{NewSchedule, Schedule};

/// Times shown of each schedule.
const UPCOMING: usize = 5;
/// Characters of a name.
const NAME: usize = 128;

impl Api {
    /// All schedules, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn schedules(&self, query: ScheduleQuery) -> Result<ScheduleList, Problem> {
        let now = self.shared.environment.now();
        let rows = self.shared.store.schedules().await.map_err(from_store)?;
        let wanted = |row: &Schedule| query.path.as_ref().is_none_or(|path| path.is_empty() || *path == row.path);
        let schedules = rows.into_iter().filter(wanted).map(|row| detail(row, now)).collect::<Result<_, _>>()?;
        Ok(ScheduleList { schedules })
    }

    /// One schedule.
    ///
    /// # Errors
    /// 404 when there is none.
    pub async fn schedule(&self, name: &str) -> Result<ScheduleDetail, Problem> {
        detail(self.schedule_row(name).await?, self.shared.environment.now())
    }

    /// Adds a schedule.
    ///
    /// # Errors
    /// 409 `schedule_exists`; else as [`Api::put_schedule`].
    pub async fn add_schedule(&self, request: ScheduleRequest) -> Result<ScheduleDetail, Problem> {
        self.require(Action::Run)?;
        let Some(name) = request.name.clone() else {
            return Err(invalid("the schedule has no `name`; give it one"));
        };
        let new = self.new_schedule(&name, request, None).await?;
        let added = self.shared.store.add_schedule(new, self.shared.environment.now()).await.map_err(from_store)?;
        if !added {
            let detail = format!("there is a schedule `{name}` already; change it, or choose another name");
            return Err(Problem::new(409, "schedule_exists", "Schedule exists", detail));
        }
        self.shared.schedules_changed.notify_one();
        self.schedule(&name).await
    }

    /// Puts a schedule, new or not; says whether it is new. One that fires at the same times as before keeps the
    /// time it stands at.
    ///
    /// # Errors
    /// 404 for a playbook that is not there, 422 `schedule_invalid` naming what is wrong, 409 `schedule_of_playbook`.
    pub async fn put_schedule(&self, name: &str, request: ScheduleRequest) -> Result<(ScheduleDetail, bool), Problem> {
        self.require(Action::Run)?;
        if request.name.as_ref().is_some_and(|named| named != name) {
            return Err(invalid("the body names another schedule than the URL; leave `name` out"));
        }
        let known = self.shared.store.schedule(name).await.map_err(from_store)?;
        let new = self.new_schedule(name, request, known.as_ref()).await?;
        self.shared.store.put_schedule(new, self.shared.environment.now()).await.map_err(from_store)?;
        self.shared.schedules_changed.notify_one();
        Ok((self.schedule(name).await?, known.is_none()))
    }

    /// Takes a schedule away; executions it started go on.
    ///
    /// # Errors
    /// 404 when there is none, 409 `schedule_of_playbook`.
    pub async fn delete_schedule(&self, name: &str) -> Result<(), Problem> {
        self.require(Action::Run)?;
        let row = self.schedule_row(name).await?;
        if row.source == store::ScheduleSource::Playbook {
            return Err(of_playbook(name));
        }
        self.shared.store.delete_schedule(name).await.map_err(from_store)?;
        Ok(())
    }

    /// It fires no more until it is resumed. Pausing twice is no error.
    ///
    /// # Errors
    /// 404 when there is none.
    pub async fn pause_schedule(&self, name: &str) -> Result<ScheduleDetail, Problem> {
        self.require(Action::Run)?;
        self.set_paused(self.schedule_row(name).await?, true).await
    }

    /// It fires again from the next time on; times that passed while it was paused are not caught up.
    ///
    /// # Errors
    /// 404 when there is none.
    pub async fn resume_schedule(&self, name: &str) -> Result<ScheduleDetail, Problem> {
        self.require(Action::Run)?;
        self.set_paused(self.schedule_row(name).await?, false).await
    }

    /// Starts an execution as the schedule would now, paused or not; its times stay as they are.
    ///
    /// # Errors
    /// 404 when there is none; else as [`Api::submit`].
    pub async fn run_schedule(&self, name: &str, idempotency_key: Option<String>) -> Result<Submitted, Problem> {
        self.require(Action::Run)?;
        let row = self.schedule_row(name).await?;
        let (spec, now) = (Spec::read(&row)?, self.shared.environment.now());
        let request = SubmitRequest {
            input: self.schedule_input(&row, &spec, now).await?,
            idempotency_key,
            ..SubmitRequest::new(row.path.clone(), row.version)
        };
        self.start(request, Some(format!("schedule:{name}"))).await
    }

    async fn set_paused(&self, row: Schedule, paused: bool) -> Result<ScheduleDetail, Problem> {
        let now = self.shared.environment.now();
        if row.paused != paused {
            let times = Spec::read(&row)?.times().map_err(Problem::internal)?;
            let next_at = if paused { None } else { times.next(now) };
            self.shared.store.pause_schedule(&row.name, paused, next_at, now).await.map_err(from_store)?;
            self.shared.schedules_changed.notify_one();
        }
        self.schedule(&row.name).await
    }

    async fn schedule_row(&self, name: &str) -> Result<Schedule, Problem> {
        let found = self.shared.store.schedule(name).await.map_err(from_store)?;
        found.ok_or_else(|| Problem::not_found("schedule", name, "look in the list of schedules"))
    }

    async fn new_schedule(
        &self,
        name: &str,
        request: ScheduleRequest,
        known: Option<&Schedule>,
    ) -> Result<NewSchedule, Problem> {
        let ScheduleRequest { path, version, cron, timezone, overlap, catch_up, input, paused, .. } = request;
        check_name(name)?;
        let timezone = timezone.unwrap_or_else(|| "UTC".to_owned());
        let input = Some(submit::checked_input(input)?);
        let spec = Spec { cron: cron.trim().to_owned(), timezone, overlap, catch_up, input, starts_paused: false };
        let times = spec.times().map_err(invalid)?;
        let now = self.shared.environment.now();
        let Some(next) = times.next(now) else {
            return Err(invalid(format!("`{}` never comes; choose a pattern that has a next time", spec.cron)));
        };
        self.shared.catalog.entry(&path, version).await?;
        let same_times = known.and_then(|row| Spec::read(row).ok()).is_some_and(|before| before.fires_like(&spec));
        let stands = known.and_then(|row| row.next_at).filter(|_| same_times);
        let is_paused = paused.unwrap_or_else(|| known.is_some_and(|row| row.paused));
        Ok(NewSchedule {
            name: name.to_owned(),
            path,
            version,
            source: store::ScheduleSource::Api,
            spec: spec.written(),
            paused,
            next_at: (!is_paused).then(|| stands.unwrap_or(next)),
        })
    }
}

/// Names that people give have no `:`, those in playbooks do: neither gets in the way of the other.
fn check_name(name: &str) -> Result<(), Problem> {
    if name.contains(':') {
        return Err(of_playbook(name));
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    // A name is a segment of URLs, where `.` would be another one.
    let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if !begins || name.len() > NAME || !name.chars().all(fits) {
        let detail = format!(
            "`{name}` is no name of a schedule: letters, digits, `_`, `-` and `.`, at most {NAME}, beginning with a \
             letter or digit"
        );
        return Err(invalid(detail));
    }
    Ok(())
}

fn detail(row: Schedule, now: Timestamp) -> Result<ScheduleDetail, Problem> {
    let spec = Spec::read(&row)?;
    let times = spec.times().map_err(Problem::internal)?;
    Ok(ScheduleDetail {
        upcoming: times.upcoming(now, UPCOMING),
        cron: spec.cron,
        timezone: spec.timezone,
        overlap: spec.overlap,
        catch_up: spec.catch_up,
        input: spec.input,
        name: row.name,
        path: row.path,
        version: row.version,
        source: match row.source {
            store::ScheduleSource::Playbook => ScheduleSource::Playbook,
            store::ScheduleSource::Api => ScheduleSource::Api,
        },
        paused: row.paused,
        next_at: row.next_at,
        last_at: row.last_at,
        last_execution: row.last_execution,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

fn of_playbook(name: &str) -> Problem {
    let detail =
        format!("schedule `{name}` stands in its playbook; change it there and register the playbook, or pause it");
    Problem::new(409, "schedule_of_playbook", "Of a playbook", detail)
}

fn invalid(detail: impl Into<String>) -> Problem {
    Problem::new(422, "schedule_invalid", "Schedule invalid", detail)
}
