//! `type: approval`: a person is asked, and what they answer is the step's result.

use super::{template_error, turn::Turn, wait::seconds};
use crate::{
    context::Scope,
    playbook::{Approval, answer, text},
};
use protocol::{TaskError, TaskKey, Timestamp, event::ApprovalRequested};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Named as the one who answered when nobody did and the default was taken.
const NOBODY: &str = super::ENGINE;

impl Turn<'_> {
    /// A visit of an `approval` begins.
    pub(super) fn ask(&mut self, index: usize, approval: &Approval, visit: u32, input: Arc<Value>) {
        match self.request(index, approval, visit, &input) {
            Ok(request) => self.emit(request),
            Err(error) => self.fail_visit(index, visit, 1, input, error),
        }
    }

    fn request(
        &self,
        index: usize,
        approval: &Approval,
        visit: u32,
        input: &Arc<Value>,
    ) -> Result<ApprovalRequested, TaskError> {
        let step = self.playbook.step(index);
        let scope = Scope::of(&self.state).with_data(input.clone());
        let texts = self.playbook.texts();
        let message = match &approval.message {
            Some(template) => text(&*template.render(texts, &scope).map_err(|error| template_error(&error))?),
            None => step.desc.clone().unwrap_or_else(|| format!("Step `{}` waits for your approval.", step.name)),
        };
        let form = approval.form.render(texts, &scope).map_err(|error| template_error(&error))?;
        let default = approval.default.as_ref().map(|default| default.render(texts, &scope)).transpose();
        let default = default.map_err(|error| template_error(&error))?;
        if let Some(problem) = default.as_ref().and_then(|default| answer(&form, default).err()) {
            let message = format!("`default` is no answer to the form: {problem}");
            return Err(TaskError::new("bad_config", message));
        }
        Ok(ApprovalRequested {
            execution_id: self.execution_id(),
            path: self.path(),
            step: step.name.to_string(),
            visit,
            message,
            form: Arc::new(form),
            due: approval.timeout_ms.map(|ms| self.now.plus_ms(ms)),
            default,
        })
    }

    /// Somebody answered, and the answer fits.
    pub(crate) fn answered(
        &mut self,
        index: usize,
        key: &TaskKey,
        values: Map<String, Value>,
        by: &str,
        since: Timestamp,
    ) {
        let mut result = values;
        result.insert("by".to_owned(), json!(by));
        result.insert("at".to_owned(), json!(self.now.to_rfc3339()));
        self.waited(index, key, Arc::new(Value::Object(result)), self.now.ms_since(since));
    }

    /// Nobody answered in time.
    pub(super) fn unanswered(
        &mut self,
        index: usize,
        key: &TaskKey,
        form: &Value,
        default: Option<Arc<Value>>,
        since: Timestamp,
    ) {
        let waited = self.now.ms_since(since);
        match default.map(|default| answer(form, &default)) {
            Some(Ok(values)) => self.answered(index, key, values, NOBODY, since),
            Some(Err(problem)) => {
                let message = format!("`default` is no answer to the form: {problem}");
                self.wait_failed(index, key, TaskError::new("bad_config", message), waited);
            }
            None => {
                let message = format!("nobody answered within {} s", seconds(waited));
                self.wait_failed(index, key, TaskError::new("approval_timeout", message), waited);
            }
        }
    }
}
