//! Schedules that stand in playbooks: the newest version of each says which there are.

use super::spec::Spec;
use crate::{Api, api::from_store, catalog::Entry};
use engine::Playbook;
use protocol::{Diagnostic, Problem, diagnostic::Level};
use std::collections::HashMap;
use store::{NewSchedule, Schedule, ScheduleSource};

/// A playbook's schedule among all.
pub(crate) fn name(path: &str, own: &str) -> String {
    format!("{path}:{own}")
}

/// A playbook's own name of a schedule.
pub(crate) fn own_name<'n>(path: &str, name: &'n str) -> Option<&'n str> {
    name.strip_prefix(path)?.strip_prefix(':')
}

/// What the engine cannot check: it knows no time zones.
pub(crate) fn problems(playbook: &Playbook, source: &str) -> Vec<Diagnostic> {
    let wrong = |schedule: &engine::playbook::Schedule| {
        let message = Spec::of(schedule).times().err()?;
        let (line, column) = place(source, &schedule.timezone);
        Some(Diagnostic {
            level: Level::Error,
            code: "bad_value".to_owned(),
            message: format!("schedule `{}`: {message}", schedule.name),
            line,
            column,
            pointer: "/schedule".to_owned(),
            hint: Some("`Europe/Berlin`, `America/New_York`, `UTC`".to_owned()),
        })
    };
    playbook.schedules().iter().filter_map(wrong).collect()
}

/// Where the source names the zone; its start when the name is not written out.
fn place(source: &str, zone: &str) -> (u32, u32) {
    let found = source.lines().enumerate().find_map(|(line, text)| {
        let at = text.contains("timezone").then(|| text.find(zone)).flatten()?;
        Some((line + 1, text[..at].chars().count() + 1))
    });
    let (line, column) = found.unwrap_or((1, 1));
    (u32::try_from(line).unwrap_or(1), u32::try_from(column).unwrap_or(1))
}

impl Api {
    /// Makes the schedules of a playbook those of its newest version. Says the same as often as it is called; a
    /// registration that another one overtook says what that one says.
    pub(crate) async fn follow_schedules(&self, path: &str) -> Result<(), Problem> {
        let shared = self.shared();
        loop {
            let entry = shared.catalog.entry(path, None).await?;
            let all = shared.store.schedules().await.map_err(from_store)?;
            let known = all.into_iter().filter(|row| row.source == ScheduleSource::Playbook && row.path == path);
            let mut known: HashMap<String, Schedule> = known.map(|row| (row.name.clone(), row)).collect();
            for schedule in entry.playbook.schedules() {
                let name = name(path, &schedule.name);
                let known = known.remove(&name);
                self.follow_schedule(&entry, name, &Spec::of(schedule), known).await?;
            }
            for gone in known.keys() {
                shared.store.delete_schedule(gone).await.map_err(from_store)?;
            }
            shared.schedules_changed.notify_one();
            if shared.catalog.entry(path, None).await?.row.version == entry.row.version {
                return Ok(());
            }
        }
    }

    async fn follow_schedule(
        &self,
        entry: &Entry,
        name: String,
        spec: &Spec,
        known: Option<Schedule>,
    ) -> Result<(), Problem> {
        let shared = self.shared();
        let before = known.as_ref().and_then(|row| Spec::read(row).ok());
        let version = Some(entry.row.version);
        if before.as_ref() == Some(spec) && known.as_ref().is_some_and(|row| row.version == version) {
            return Ok(());
        }
        // What people paused or resumed stays so, unless this version says otherwise than the one before.
        let is_said = before.as_ref().is_none_or(|before| before.starts_paused != spec.starts_paused);
        let paused = if is_said { spec.starts_paused } else { known.as_ref().is_some_and(|row| row.paused) };
        let times = spec.times().map_err(Problem::internal)?;
        let now = shared.environment.now();
        // A time that has come and was not fired yet is not lost by a registration.
        let keeps = before.as_ref().is_some_and(|before| before.fires_like(spec));
        let stands = known.as_ref().and_then(|row| row.next_at).filter(|_| keeps);
        let next_at = if paused { None } else { stands.or_else(|| times.next(now)) };
        let new = NewSchedule {
            name,
            path: entry.row.path.clone(),
            version,
            source: ScheduleSource::Playbook,
            spec: spec.written(),
            paused: is_said.then_some(paused),
            next_at,
        };
        shared.store.put_schedule(new, now).await.map_err(from_store)
    }

    /// At the start: a process may have died between a registration and what follows from it.
    pub(super) async fn follow_all_schedules(&self) -> Result<(), Problem> {
        let shared = self.shared();
        let rows = shared.store.schedules().await.map_err(from_store)?;
        let has_rows = |path: &str| rows.iter().any(|row| row.source == ScheduleSource::Playbook && row.path == path);
        for (playbook, _) in shared.store.playbooks().await.map_err(from_store)? {
            // Parsing a whole catalog would take seconds.
            if !playbook.source.contains("schedule") && !has_rows(&playbook.path) {
                continue;
            }
            if let Err(problem) = self.follow_schedules(&playbook.path).await {
                tracing::error!(path = playbook.path, %problem, "the playbook's schedules cannot be read");
            }
        }
        Ok(())
    }
}
