//! What can happen to an execution from outside. One file per input.

mod cancel;
mod claim;
mod report;
mod start;

use crate::evaluate::Turn;
use protocol::{Phase, TaskKey, TaskReport};
use serde_json::Value;
use std::sync::Arc;

/// An input to [`crate::evaluate`].
#[derive(Clone, Debug)]
pub enum Input {
    /// Begin. `input` is a map, merged deeply over the playbook's workload, or `null`.
    Start { path: String, version: u32, input: Arc<Value> },
    /// A worker took a task.
    Claim { key: TaskKey, worker: String },
    /// A worker finished a task.
    Report(TaskReport),
    /// Somebody wants it to end.
    Cancel { reason: String, by: String },
    /// Time has passed.
    Tick,
}

/// The transition table: what each input does in each phase. Everything else changes nothing: inputs may come
/// twice, late, or for executions that have ended.
pub(crate) fn dispatch(turn: &mut Turn<'_>, input: Input) {
    match (turn.phase(), input) {
        (Phase::Initial, Input::Start { path, version, input }) => start::start(turn, &path, version, input),
        (Phase::InProgress, Input::Claim { key, worker }) => claim::claim(turn, &key, worker),
        (Phase::InProgress, Input::Report(report)) => report::report(turn, report),
        (Phase::InProgress, Input::Cancel { reason, by }) => cancel::cancel(turn, reason, by),
        // Nothing in this version waits for time; providers keep their tasks' time limits.
        (Phase::InProgress, Input::Tick) => {}
        (Phase::Initial, Input::Claim { .. } | Input::Report(_) | Input::Cancel { .. } | Input::Tick) => {}
        (Phase::InProgress, Input::Start { .. }) => {}
        (Phase::Completed, _) => {}
    }
}
