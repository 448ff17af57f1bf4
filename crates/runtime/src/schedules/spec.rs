//! What a schedule's row says, besides names and times: the JSON in its `spec`.

use super::times::Times;
use protocol::{
    Problem,
    api::{CatchUp, Overlap},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spec {
    pub(crate) cron: String,
    pub(crate) timezone: String,
    pub(crate) overlap: Overlap,
    pub(crate) catch_up: CatchUp,
    /// `None` where the playbook makes the input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<Value>,
    /// Whether the playbook wants it paused. Of what people did since, the row tells.
    #[serde(default)]
    pub(crate) starts_paused: bool,
}

impl Spec {
    pub(crate) fn of(playbook: &engine::playbook::Schedule) -> Self {
        Self {
            cron: playbook.cron.clone(),
            timezone: playbook.timezone.clone(),
            overlap: match playbook.overlap {
                engine::playbook::Overlap::Allow => Overlap::Allow,
                engine::playbook::Overlap::Skip => Overlap::Skip,
                engine::playbook::Overlap::Queue => Overlap::Queue,
            },
            catch_up: match playbook.catch_up {
                engine::playbook::CatchUp::None => CatchUp::None,
                engine::playbook::CatchUp::Last => CatchUp::Last,
                engine::playbook::CatchUp::All => CatchUp::All,
            },
            input: None,
            starts_paused: playbook.is_paused,
        }
    }

    /// # Errors
    /// When the row was written by another version, and this one cannot read it.
    pub(crate) fn read(schedule: &store::Schedule) -> Result<Self, Problem> {
        serde_json::from_value(schedule.spec.clone()).map_err(|error| {
            let name = &schedule.name;
            Problem::internal(format!("schedule `{name}` cannot be read: {error}; put it again"))
        })
    }

    pub(crate) fn written(&self) -> Value {
        serde_json::to_value(self).expect("text, words and JSON make JSON")
    }

    /// # Errors
    /// What is wrong with the pattern or the zone.
    pub(crate) fn times(&self) -> Result<Times, String> {
        Times::parse(&self.cron, &self.timezone)
    }

    /// Whether it fires at the same times as another.
    pub(crate) fn fires_like(&self, other: &Self) -> bool {
        self.cron == other.cron && self.timezone == other.timezone
    }
}
