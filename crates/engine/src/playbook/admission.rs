//! What lets an execution in: how many run at once, how often they start, who goes first.

use super::{Playbook, RenderError, Template};
use crate::context::Scope;
use protocol::TaskError;
use serde_json::{Value, json};
use std::sync::Arc;

/// `concurrency`: executions with the same key that may run at once.
#[derive(Debug)]
pub struct Concurrency {
    pub limit: u32,
    /// How many more may wait to be let in; no limit when absent.
    pub max_queued: Option<u32>,
    pub(super) key: Option<Template>,
}

/// `rate`: executions with the same key that may start within a time.
#[derive(Debug)]
pub struct Rate {
    pub limit: u32,
    pub per_ms: u64,
    pub(super) key: Option<Template>,
}

/// What a playbook asks for all its executions.
#[derive(Debug, Default)]
pub(super) struct Admission {
    pub(super) concurrency: Option<Concurrency>,
    pub(super) rate: Option<Rate>,
    pub(super) priority: i32,
    pub(super) timeout_ms: Option<u64>,
}

impl Playbook {
    pub fn concurrency(&self) -> Option<&Concurrency> {
        self.admission.concurrency.as_ref()
    }

    pub fn rate(&self) -> Option<&Rate> {
        self.admission.rate.as_ref()
    }

    /// Of its tasks: higher goes first. 0 unless told.
    pub fn priority(&self) -> i32 {
        self.admission.priority
    }

    /// How long an execution may take as a whole.
    pub fn timeout_ms(&self) -> Option<u64> {
        self.admission.timeout_ms
    }

    /// The key by which an execution with this input counts for `concurrency`: the playbook's path unless told.
    ///
    /// # Errors
    /// When the key's template fails.
    pub fn concurrency_key(&self, input: &Value) -> Result<String, TaskError> {
        self.key("concurrency", self.concurrency().and_then(|limit| limit.key.as_ref()), input)
    }

    /// The key by which an execution with this input counts for `rate`: the playbook's path unless told.
    ///
    /// # Errors
    /// When the key's template fails.
    pub fn rate_key(&self, input: &Value) -> Result<String, TaskError> {
        self.key("rate", self.rate().and_then(|limit| limit.key.as_ref()), input)
    }

    fn key(&self, what: &str, template: Option<&Template>, input: &Value) -> Result<String, TaskError> {
        let Some(template) = template else { return Ok(self.path().to_owned()) };
        let key = self.rendered(what, template, input, json!({}))?;
        Ok(match &*key {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
    }

    /// Renders what stands outside of the workflow: it sees the workload with the input laid over it, and `names`.
    pub(super) fn rendered(
        &self,
        what: &str,
        template: &Template,
        input: &Value,
        names: Value,
    ) -> Result<Arc<Value>, TaskError> {
        let mut names = names;
        let workload = self.workload_with(input);
        for name in ["workload", "work", "context"] {
            names[name] = workload.clone();
        }
        template
            .render(self.texts(), &Scope::outside(Arc::new(names)))
            .map_err(|error| self.outside_error(what, &error))
    }

    fn outside_error(&self, what: &str, error: &RenderError) -> TaskError {
        TaskError::new("template_failed", format!("`{what}` of playbook `{}`: {error}", self.path()))
    }
}
