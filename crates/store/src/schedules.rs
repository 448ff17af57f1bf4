//! Schedules: what is due when. What a spec means, and which time comes next, is decided elsewhere.

use crate::{
    Store, StoreError,
    sql::{
        read::{json, number, parsed, time},
        statement::{Statement, sql},
    },
};
use protocol::{ExecutionId, Timestamp};
use serde_json::Value;

/// A schedule as it is put.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSchedule {
    pub name: String,
    pub path: String,
    /// `None`: the newest when it fires.
    pub version: Option<u32>,
    pub source: ScheduleSource,
    pub spec: Value,
    /// `None` leaves it as it is; a new one then runs.
    pub paused: Option<bool>,
    /// `None`: never.
    pub next_at: Option<Timestamp>,
}

/// Where a schedule comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScheduleSource {
    /// It stands in the playbook, and goes with it.
    Playbook,
    /// Somebody asked for it.
    Api,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    pub name: String,
    pub path: String,
    pub version: Option<u32>,
    pub source: ScheduleSource,
    pub spec: Value,
    pub paused: bool,
    pub next_at: Option<Timestamp>,
    /// When it fired last, and what that started.
    pub last_at: Option<Timestamp>,
    pub last_execution: Option<ExecutionId>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A schedule's step to its next time.
#[derive(Clone, Debug, PartialEq)]
pub struct Advance {
    /// The time it stands at; it has moved on already if it does not.
    pub from: Timestamp,
    pub next_at: Option<Timestamp>,
    /// When it fired, and what that started; `None` for a time that was skipped.
    pub fired: Option<(Timestamp, ExecutionId)>,
}

impl dyn Store {
    /// Adds a schedule, or changes the one of this name. When it fired last stays.
    pub async fn put_schedule(&self, schedule: NewSchedule, now: Timestamp) -> Result<(), StoreError> {
        let is_said = schedule.paused.is_some();
        let mut put = insert(schedule, now);
        put.push(
            " ON CONFLICT (name) DO UPDATE SET path = excluded.path, version = excluded.version,
                source = excluded.source, spec = excluded.spec, next_at = excluded.next_at,
                updated_at = excluded.updated_at",
        );
        if is_said {
            put.push(", paused = excluded.paused");
        }
        self.database().change(put).await.map(drop)
    }

    /// Adds a schedule, unless there is one of this name: then false, and nothing changed.
    pub async fn add_schedule(&self, schedule: NewSchedule, now: Timestamp) -> Result<bool, StoreError> {
        let mut add = insert(schedule, now);
        add.push(" ON CONFLICT (name) DO NOTHING");
        Ok(self.database().change(add).await? > 0)
    }

    /// All, by name.
    pub async fn schedules(&self) -> Result<Vec<Schedule>, StoreError> {
        self.schedules_by(select("ORDER BY name")).await
    }

    pub async fn schedule(&self, name: &str) -> Result<Option<Schedule>, StoreError> {
        Ok(self.schedules_by(select("WHERE name = $1").bind(name)).await?.pop())
    }

    /// Those that are not paused and whose time has come, the earliest first.
    pub async fn due_schedules(&self, now: Timestamp) -> Result<Vec<Schedule>, StoreError> {
        self.schedules_by(select("WHERE NOT paused AND next_at <= $1 ORDER BY next_at, name").bind(now)).await
    }

    /// Moves a schedule on from the time it stands at. Of several that try, one is told true. A schedule that is
    /// paused or gone does not move.
    pub async fn advance_schedule(&self, name: &str, advance: Advance) -> Result<bool, StoreError> {
        let (last_at, last_execution) = advance.fired.unzip();
        let move_on = sql("UPDATE schedules SET next_at = $3, last_at = coalesce($4, last_at),
                last_execution = coalesce($5, last_execution)
            WHERE name = $1 AND next_at = $2 AND NOT paused")
        .bind(name)
        .bind(advance.from)
        .bind(advance.next_at)
        .bind(last_at)
        .bind(last_execution);
        Ok(self.database().change(move_on).await? > 0)
    }

    /// Pauses a schedule, or lets it go on at `next_at`. False when there is none.
    pub async fn pause_schedule(
        &self,
        name: &str,
        paused: bool,
        next_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let pause = sql("UPDATE schedules SET paused = $2, next_at = $3, updated_at = $4 WHERE name = $1")
            .bind(name)
            .bind(paused)
            .bind(next_at)
            .bind(now);
        Ok(self.database().change(pause).await? > 0)
    }

    /// False when there was none.
    pub async fn delete_schedule(&self, name: &str) -> Result<bool, StoreError> {
        let delete = sql("DELETE FROM schedules WHERE name = $1").bind(name);
        Ok(self.database().change(delete).await? > 0)
    }

    async fn schedules_by(&self, statement: Statement) -> Result<Vec<Schedule>, StoreError> {
        let rows: Vec<Row> = self.database().all(statement).await?;
        rows.into_iter().map(Row::schedule).collect()
    }
}

fn insert(schedule: NewSchedule, now: Timestamp) -> Statement {
    sql("INSERT INTO schedules (name, path, version, source, spec, paused, next_at, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)")
    .bind(schedule.name)
    .bind(schedule.path)
    .bind(schedule.version.map(i64::from))
    .bind(schedule.source.word())
    .bind(schedule.spec.to_string())
    .bind(schedule.paused.unwrap_or_default())
    .bind(schedule.next_at)
    .bind(now)
}

fn select(rest: &'static str) -> Statement {
    let mut select = sql(
        "SELECT name, path, version, source, spec, paused, next_at, last_at, last_execution, created_at, updated_at
        FROM schedules ",
    );
    select.push(rest);
    select
}

#[derive(sqlx::FromRow)]
struct Row {
    name: String,
    path: String,
    version: Option<i64>,
    source: String,
    spec: String,
    paused: bool,
    next_at: Option<i64>,
    last_at: Option<i64>,
    last_execution: Option<String>,
    created_at: i64,
    updated_at: i64,
}

impl Row {
    fn schedule(self) -> Result<Schedule, StoreError> {
        let at = || format!("schedule {}", self.name);
        Ok(Schedule {
            version: self.version.map(|version| number(version, at)).transpose()?,
            source: ScheduleSource::parse(&self.source)?,
            spec: json(&self.spec, at)?,
            paused: self.paused,
            next_at: time(self.next_at),
            last_at: time(self.last_at),
            last_execution: self.last_execution.as_deref().map(|id| parsed(id, at)).transpose()?,
            created_at: Timestamp(self.created_at),
            updated_at: Timestamp(self.updated_at),
            path: self.path,
            name: self.name,
        })
    }
}

impl ScheduleSource {
    pub fn word(self) -> &'static str {
        match self {
            ScheduleSource::Playbook => "playbook",
            ScheduleSource::Api => "api",
        }
    }

    fn parse(word: &str) -> Result<Self, StoreError> {
        match word {
            "playbook" => Ok(ScheduleSource::Playbook),
            "api" => Ok(ScheduleSource::Api),
            _ => Err(StoreError::Corrupt(format!("`{word}` is no source of schedules"))),
        }
    }
}
