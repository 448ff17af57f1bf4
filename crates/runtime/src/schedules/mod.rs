//! Schedules: executions that start by the clock.
//!
//! Every server has one such task and no leader: a time fires by a submission whose key says schedule and time, so it
//! fires once, whoever comes first and however often; only then the schedule moves on, by compare-and-set. A process
//! that dies in between fires again, and meets what it started.

mod due;
mod of_playbooks;
mod spec;
mod times;

pub(crate) use of_playbooks::problems;
pub(crate) use spec::Spec;

use crate::{Api, alerts::Alert, api::from_store};
use due::{Due, Last};
use protocol::{
    ExecutionId, Problem, Timestamp,
    api::{Overlap, SubmitRequest},
};
use serde_json::Value;
use std::{collections::HashSet, time::Duration};
use store::{Advance, Schedule, ScheduleSource};

/// The clock is looked at this often while something is to come: it may have been set. Also how often it is asked
/// whether what a time waits for has ended.
const LOOK: Duration = Duration::from_secs(1);
/// After so many looks the schedules are read again: another server may have put some, and died.
const LOOKS: u32 = 10;
/// Pause after the store could not be read.
const RETRY: Duration = Duration::from_secs(5);

/// Who raises alerts.
const COMPONENT: &str = "schedules";

/// What fires schedules.
pub(crate) struct Scheduler(pub(crate) Api);

impl Scheduler {
    /// Fires until it is dropped. Dropping it at any moment loses and doubles nothing.
    pub(crate) async fn run(self) {
        let environment = self.0.shared().environment.clone();
        while let Err(problem) = self.0.follow_all_schedules().await {
            tracing::error!(%problem, "the playbooks' schedules cannot be read; trying again");
            environment.sleep(RETRY).await;
        }
        loop {
            match self.fire_due().await {
                Ok(next) => self.wait(next).await,
                Err(problem) => {
                    tracing::error!(%problem, "schedules cannot be fired; trying again");
                    environment.sleep(RETRY).await;
                }
            }
        }
    }

    /// Until then, or until somebody changes schedules; now and then without a reason.
    async fn wait(&self, until: Option<Timestamp>) {
        let shared = self.0.shared();
        for _ in 0..LOOKS {
            let left = match until {
                Some(until) => Duration::from_millis(until.ms_since(shared.environment.now())),
                None => LOOK,
            };
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = shared.schedules_changed.notified() => return,
                () = shared.environment.sleep(left.min(LOOK)) => {}
            }
        }
    }

    /// Fires what is due; when the next time comes.
    async fn fire_due(&self) -> Result<Option<Timestamp>, Problem> {
        let shared = self.0.shared();
        let now = shared.environment.now();
        let mut waiting = HashSet::new();
        for schedule in shared.store.due_schedules(now).await.map_err(from_store)? {
            if !self.fire(&schedule, now).await? {
                waiting.insert(schedule.name);
            }
        }
        let all = shared.store.schedules().await.map_err(from_store)?;
        let coming = all.iter().filter(|row| !row.paused && !waiting.contains(&row.name)).filter_map(|row| row.next_at);
        let look = (!waiting.is_empty()).then(|| now.plus_ms(LOOK.as_millis() as u64));
        Ok(coming.chain(look).min())
    }

    /// Fires a schedule whose time has come, and moves it on; false when it waits for its last execution.
    async fn fire(&self, schedule: &Schedule, now: Timestamp) -> Result<bool, Problem> {
        let Some(from) = schedule.next_at else { return Ok(true) };
        let (spec, times) = match Spec::read(schedule).and_then(|spec| {
            let times = spec.times().map_err(Problem::internal)?;
            Ok((spec, times))
        }) {
            Ok(found) => found,
            Err(problem) => {
                // Only one that another version wrote: it must not stop the others.
                tracing::error!(schedule = schedule.name, %problem, "the schedule stops");
                self.advance(schedule, Advance { from, next_at: None, fired: None }).await?;
                return Ok(true);
            }
        };
        let last = if spec.overlap == Overlap::Allow { Last::None } else { self.last(schedule).await? };
        let Due::Fire { times, next } = due::due(&times, (spec.overlap, spec.catch_up), from, now, last) else {
            return Ok(false);
        };
        let mut fired = None;
        for time in times {
            match self.start(schedule, &spec, time).await {
                Ok(id) => {
                    fired = Some((now, id));
                    let message = format!("schedule `{}` starts executions again", schedule.name);
                    self.0.clear(COMPONENT, &subject(schedule), message).await?;
                }
                // Not a full queue: the next time comes soon enough.
                Err(problem) if problem.temporary && problem.status == 503 => return Err(problem),
                Err(problem) => {
                    let message = format!(
                        "schedule `{}` could not start its execution of {}: {problem}",
                        schedule.name,
                        time.to_rfc3339()
                    );
                    let alert = Alert { subject: subject(schedule), code: "schedule_failed", message };
                    self.0.raise(COMPONENT, alert).await?;
                }
            }
        }
        self.advance(schedule, Advance { from, next_at: next, fired }).await?;
        Ok(true)
    }

    async fn start(&self, schedule: &Schedule, spec: &Spec, time: Timestamp) -> Result<ExecutionId, Problem> {
        let request = SubmitRequest {
            path: schedule.path.clone(),
            version: schedule.version,
            input: self.0.schedule_input(schedule, spec, time).await?,
            idempotency_key: Some(format!("schedule:{}:{}", schedule.name, time.0)),
            priority: None,
        };
        Ok(self.0.start(request, Some(format!("schedule:{}", schedule.name))).await?.execution_id)
    }

    async fn advance(&self, schedule: &Schedule, advance: Advance) -> Result<(), Problem> {
        // Somebody else may have moved it on, or changed it: both are as good.
        self.0.shared().store.advance_schedule(&schedule.name, advance).await.map_err(from_store).map(drop)
    }

    async fn last(&self, schedule: &Schedule) -> Result<Last, Problem> {
        let Some(id) = schedule.last_execution else { return Ok(Last::None) };
        let found = self.0.shared().store.execution(id).await.map_err(from_store)?;
        Ok(match found.map(|detail| detail.summary) {
            None => Last::None,
            Some(summary) if summary.outcome.is_none() => Last::Runs,
            Some(summary) => Last::Ended(summary.ended_at.unwrap_or(summary.created_at)),
        })
    }
}

impl Api {
    /// The input of an execution that the schedule starts for a time.
    pub(crate) async fn schedule_input(
        &self,
        schedule: &Schedule,
        spec: &Spec,
        time: Timestamp,
    ) -> Result<Option<Value>, Problem> {
        if schedule.source == ScheduleSource::Api {
            return Ok(spec.input.clone());
        }
        let entry = self.shared().catalog.entry(&schedule.path, schedule.version).await?;
        let own = of_playbooks::own_name(&schedule.path, &schedule.name).unwrap_or_default();
        let Some(of_playbook) = entry.playbook.schedules().iter().find(|schedule| schedule.name == own) else {
            let detail = format!("playbook `{}` has no schedule `{own}`; register it again", schedule.path);
            return Err(Problem::internal(detail));
        };
        entry.playbook.schedule_input(of_playbook, &time.to_rfc3339()).map(|input| Some((*input).clone())).map_err(
            |error| {
                Problem::new(422, &error.code, "Input cannot be made", format!("schedule `{}`: {error}", schedule.name))
            },
        )
    }
}

fn subject(schedule: &Schedule) -> String {
    format!("schedule:{}", schedule.name)
}
