//! What starts executions by itself: schedules and a webhook.

use super::{Playbook, Template};
use protocol::TaskError;
use serde_json::{Value, json};
use std::sync::Arc;

/// A time of `schedule` at which an execution starts.
#[derive(Debug)]
pub struct Schedule {
    /// Its own among the playbook's schedules.
    pub name: String,
    /// Five fields, or six with seconds first; or `@daily` and the like. Its syntax is checked.
    pub cron: String,
    /// Of the IANA database. Only its shape is checked here: the engine knows no time zones.
    pub timezone: String,
    pub overlap: Overlap,
    pub catch_up: CatchUp,
    /// Registered, and not fired until somebody resumes it.
    pub is_paused: bool,
    pub(super) input: Option<Template>,
}

/// What happens when a schedule is due while its last execution still runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overlap {
    /// Both run.
    #[default]
    Allow,
    /// This time is left out.
    Skip,
    /// The new one waits for the old one.
    Queue,
}

/// What becomes of times that passed while nobody was there to fire them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CatchUp {
    #[default]
    None,
    /// The last of them is fired.
    Last,
    All,
}

/// `webhook`: executions start by HTTP requests.
#[derive(Debug)]
pub struct Webhook {
    /// Its place in the URL.
    pub name: String,
    /// The credential with which requests must be signed.
    pub secret: Option<String>,
    pub(super) input: Option<Template>,
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

impl Playbook {
    pub fn schedules(&self) -> &[Schedule] {
        &self.schedules
    }

    pub fn webhook(&self) -> Option<&Webhook> {
        self.webhook.as_ref()
    }

    /// The input of an execution that a schedule starts; its templates see the workload and `schedule {name, time}`,
    /// `time` being the time it is due, as the runtime writes times.
    ///
    /// # Errors
    /// When a template fails, or does not come to a map.
    pub fn schedule_input(&self, schedule: &Schedule, time: &str) -> Result<Arc<Value>, TaskError> {
        let names = json!({ "schedule": { "name": schedule.name, "time": time } });
        match &schedule.input {
            Some(template) => self.input_of("schedule", template, names),
            None => Ok(Arc::new(json!({}))),
        }
    }

    /// The input of an execution that a request starts: `request` is `{body, headers, query, method}`, each a name
    /// that the webhook's `input` sees beside the workload. Without an `input` it is the body.
    ///
    /// # Errors
    /// When a template fails, or what it comes to is no map.
    pub fn webhook_input(&self, request: Value) -> Result<Arc<Value>, TaskError> {
        match self.webhook().and_then(|webhook| webhook.input.as_ref()) {
            Some(template) => self.input_of("webhook", template, request),
            None => {
                let body = request.get("body").cloned().unwrap_or_default();
                if body.is_null() {
                    return Ok(Arc::new(json!({})));
                }
                self.must_be_map("webhook", Arc::new(body))
            }
        }
    }

    fn input_of(&self, what: &str, template: &Template, names: Value) -> Result<Arc<Value>, TaskError> {
        let input = self.rendered(what, template, &Value::Null, names)?;
        self.must_be_map(what, input)
    }

    fn must_be_map(&self, what: &str, input: Arc<Value>) -> Result<Arc<Value>, TaskError> {
        if input.is_object() {
            return Ok(input);
        }
        let message = format!("the input that `{what}` of playbook `{}` gives is not a map", self.path());
        Err(TaskError::new("input_not_a_map", message))
    }
}
