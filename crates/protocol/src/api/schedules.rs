//! Schedules: executions that start by the clock.

use crate::{ExecutionId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What happens when a schedule is due while the execution it started last still runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// Both run.
    #[default]
    Allow,
    /// This time is left out.
    Skip,
    /// This time waits until the other one has ended.
    Queue,
}

/// What becomes of times that passed while nobody was there to fire them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CatchUp {
    #[default]
    None,
    /// The last of them is fired.
    Last,
    /// All are fired, the newest 100 at most.
    All,
}

impl Overlap {
    pub fn word(self) -> &'static str {
        match self {
            Overlap::Allow => "allow",
            Overlap::Skip => "skip",
            Overlap::Queue => "queue",
        }
    }
}

impl CatchUp {
    pub fn word(self) -> &'static str {
        match self {
            CatchUp::None => "none",
            CatchUp::Last => "last",
            CatchUp::All => "all",
        }
    }
}

/// Where a schedule comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ScheduleSource {
    /// It stands in the playbook, and changes with it. Its name is the playbook's path, `:`, and its own.
    Playbook,
    /// Somebody put it.
    Api,
}

/// Puts a schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ScheduleRequest {
    /// Letters, digits, `_`, `-` and `.`, at most 128. Where the URL names it, it may be left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The playbook.
    pub path: String,
    /// Absent: the newest when it fires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// Five fields, or six with seconds first; or `@daily` and the like.
    pub cron: String,
    /// A name of the IANA database; UTC unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    #[serde(default)]
    pub overlap: Overlap,
    #[serde(default)]
    pub catch_up: CatchUp,
    /// Of each execution: an object, merged deeply over the playbook's `workload`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// Absent: as it is; a new one runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<bool>,
}

/// One schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScheduleDetail {
    pub name: String,
    pub path: String,
    /// `null`: the newest when it fires.
    pub version: Option<u32>,
    pub source: ScheduleSource,
    pub cron: String,
    pub timezone: String,
    pub overlap: Overlap,
    pub catch_up: CatchUp,
    /// `null` where the playbook makes the input.
    pub input: Option<Value>,
    pub paused: bool,
    /// The time it stands at: the next one, or one that has come and waits for the execution before it. `null` while
    /// it is paused, and when it never fires again.
    pub next_at: Option<Timestamp>,
    /// The next five times after now, or fewer if there are no more; of a paused one those it would have.
    pub upcoming: Vec<Timestamp>,
    /// When it fired last, and what that started.
    #[serde(default)]
    pub last_at: Option<Timestamp>,
    #[serde(default)]
    pub last_execution: Option<ExecutionId>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// All schedules, by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScheduleList {
    pub schedules: Vec<ScheduleDetail>,
}

/// Which schedules. All, where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct ScheduleQuery {
    /// Exact playbook path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}
