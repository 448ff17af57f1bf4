//! `type: wait`: the engine waits for a time or a signal, and tells it as an action of its own.

use super::{ENGINE, template_error, turn::Turn};
use crate::{
    context::Scope,
    execution::Hold,
    playbook::{MAX_SIGNAL, MAX_WAIT_S, Template, Until, Wait, text},
};
use protocol::{
    TaskError, TaskKey, TaskPart, Timestamp,
    event::{ActionCompleted, ActionFailed, ActionStarted},
    task::Logs,
};
use serde_json::{Value, json};
use std::sync::Arc;

/// When a wait is over, and the signal that ends it before.
type End = (Option<Timestamp>, Option<String>);

impl Turn<'_> {
    /// A visit of a `wait` begins. One that is over already, or whose signal has come already, ends at once.
    pub(super) fn begin_wait(&mut self, index: usize, wait: &Wait, visit: u32, input: Arc<Value>) {
        let scope = Scope::of(&self.state).with_data(input.clone());
        let (until, signal) = match self.end_of(&wait.until, &scope) {
            Ok(end) => end,
            Err(error) => return self.fail_visit(index, visit, 1, input, error),
        };
        let key = self.engine_key(index, visit);
        let kept = signal.as_deref().and_then(|name| self.state.kept_signal(name)).cloned();
        let is_over = signal.is_none() && until.is_some_and(|until| until <= self.now);
        self.emit(ActionStarted {
            execution_id: self.execution_id(),
            path: self.path(),
            step: key.step.clone(),
            visit,
            attempt: key.attempt,
            part: key.part,
            item: None,
            worker: ENGINE.to_owned(),
            child: None,
            until,
            signal,
        });
        match kept {
            Some(data) => self.waited(index, &key, data, 0),
            None if is_over => self.waited(index, &key, told_time(until), 0),
            None => {}
        }
    }

    /// What was waited for is there: the step goes on.
    pub(crate) fn waited(&mut self, index: usize, key: &TaskKey, result: Arc<Value>, duration_ms: u64) {
        self.emit(ActionCompleted {
            execution_id: self.execution_id(),
            path: self.path(),
            step: key.step.clone(),
            visit: key.visit,
            attempt: key.attempt,
            part: key.part,
            item: None,
            result,
            duration_ms,
            logs: Logs::default(),
        });
        self.piece_done(index, key);
    }

    /// The time of a wait or an approval is up.
    pub(crate) fn time_is_up(&mut self, index: usize, key: &TaskKey) {
        let Some(piece) = self.state.piece(key) else { return };
        match piece.hold.clone() {
            Hold::Waits { since, until, signal: None, .. } => {
                self.waited(index, key, told_time(until), self.now.ms_since(since));
            }
            Hold::Waits { since, signal: Some(signal), .. } => {
                let waited = self.now.ms_since(since);
                let message = format!("signal `{signal}` did not come within {} s", seconds(waited));
                self.wait_failed(index, key, TaskError::new("wait_timeout", message), waited);
            }
            Hold::Asks { since, form, default, .. } => self.unanswered(index, key, &form, default, since),
            Hold::Open(_) | Hold::Claimed | Hold::Settled => {}
        }
    }

    pub(super) fn wait_failed(&mut self, index: usize, key: &TaskKey, error: TaskError, duration_ms: u64) {
        let error = error.at(&key.step, key.attempt);
        self.emit(ActionFailed {
            execution_id: self.execution_id(),
            path: self.path(),
            step: key.step.clone(),
            visit: key.visit,
            attempt: key.attempt,
            part: key.part,
            item: None,
            error: error.clone(),
            result: None,
            duration_ms,
            logs: Logs::default(),
        });
        self.piece_failed(index, key, error);
    }

    /// Of what the engine does itself.
    pub(super) fn engine_key(&self, index: usize, visit: u32) -> TaskKey {
        let step = self.playbook.step(index).name.to_string();
        TaskKey { execution_id: self.execution_id(), step, visit, attempt: 1, part: TaskPart::Action, item: None }
    }

    fn end_of(&self, until: &Until, scope: &Scope) -> Result<End, TaskError> {
        let value =
            |template: &Template| template.render(self.playbook.texts(), scope).map_err(|error| template_error(&error));
        let bad = |what: String| TaskError::new("bad_config", what);
        match until {
            Until::Seconds(template) => {
                let value = value(template)?;
                // What a template makes of a number may be text.
                let seconds = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
                let seconds = seconds.filter(|seconds| (0.0..=MAX_WAIT_S).contains(seconds));
                let seconds = seconds.ok_or_else(|| {
                    bad(format!("`seconds` came to {value}; it must be a number from 0 to {MAX_WAIT_S}"))
                })?;
                // Within 0..=2^53 by the check.
                Ok((Some(self.now.plus_ms((seconds * 1_000.0).ceil() as u64)), None))
            }
            Until::Time(template) => {
                let value = value(template)?;
                let time = value.as_str().and_then(|text| Timestamp::from_rfc3339(text.trim()));
                let time = time.ok_or_else(|| {
                    bad(format!("`until` came to {value}; it must be a time such as 2026-01-31T08:00:00Z"))
                })?;
                Ok((Some(time), None))
            }
            Until::Signal { name, timeout_ms } => {
                let value = value(name)?;
                let name = if value.is_string() || value.is_number() { text(&value) } else { String::new() };
                if name.trim().is_empty() || name.chars().count() > MAX_SIGNAL {
                    return Err(bad(format!(
                        "`signal` came to {value}; it must be a name of 1 to {MAX_SIGNAL} characters"
                    )));
                }
                Ok((timeout_ms.map(|ms| self.now.plus_ms(ms)), Some(name)))
            }
        }
    }
}

/// What a wait for a time comes to.
fn told_time(until: Option<Timestamp>) -> Arc<Value> {
    Arc::new(json!({ "until": until.map(Timestamp::to_rfc3339) }))
}

pub(super) fn seconds(ms: u64) -> f64 {
    ms as f64 / 1_000.0
}
