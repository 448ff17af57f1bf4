//! What can happen to an execution from outside. One file per input.

mod cancel;
mod claim;
mod late;
mod lost;
mod pause;
mod queue;
mod refusal;
mod report;
mod resume;
mod signal;
mod start;
mod terminate;
mod tick;

pub use refusal::refusal;

use crate::{Reuse, evaluate::Turn};
use protocol::{Phase, TaskKey, TaskReport, event::Origin};
use serde_json::Value;
use std::sync::Arc;

/// An input to [`crate::evaluate`].
#[derive(Clone, Debug)]
pub enum Input {
    /// It has to wait to be let in: `reason` is `concurrency` or `rate`, `key` the rendered key it is limited by.
    Queue {
        path: String,
        version: u32,
        input: Arc<Value>,
        origin: Origin,
        reason: String,
        key: Option<String>,
    },
    /// Begin. `input` is a map, merged deeply over the playbook's workload, or `null`. Of a rerun, `reuse` has the
    /// results that are taken over.
    Start {
        path: String,
        version: u32,
        input: Arc<Value>,
        origin: Origin,
        reuse: Option<Arc<Reuse>>,
    },
    /// A worker took a task.
    Claim {
        key: TaskKey,
        worker: String,
    },
    /// A worker finished a task.
    Report {
        report: TaskReport,
        worker: String,
    },
    /// A worker finished a task that was settled when it was looked for. Never counts, whatever is open by now: nobody
    /// has looked whether that is the worker's. `outcome` is the word of its report.
    Late {
        key: TaskKey,
        outcome: &'static str,
        worker: String,
    },
    /// A worker that had claimed a task will not report any more.
    Lost {
        key: TaskKey,
        worker: String,
        reason: String,
    },
    /// Somebody answers an approval, whose name is its step's, or sends what a `wait` waits for. With `visit`, only
    /// that visit takes it. Data that does not fit is ignored here; [`refusal`] says why.
    Signal {
        name: String,
        visit: Option<u32>,
        data: Arc<Value>,
        by: String,
    },
    /// Nothing new begins until it is resumed; what runs may end.
    Pause {
        reason: String,
        by: String,
    },
    Resume {
        by: String,
    },
    /// Somebody wants it to end; steps that run and have arcs for that go on there first.
    Cancel {
        reason: String,
        by: String,
    },
    /// Somebody wants it to end now.
    Terminate {
        reason: String,
        by: String,
    },
    /// Time has passed.
    Tick,
}

/// The transition table: what each input does in each phase. Everything else changes nothing: inputs may come
/// twice, late, or for executions that have ended.
pub(crate) fn dispatch(turn: &mut Turn<'_>, input: Input) {
    use Phase::{Completed, InProgress, Initial};
    match (turn.phase(), input) {
        (Initial, Input::Queue { path, version, input, origin, reason, key }) => {
            queue::queue(turn, path, version, input, origin, reason, key);
        }
        (Initial, Input::Start { path, version, input, origin, reuse }) => {
            start::start(turn, &path, version, input, origin, reuse);
        }
        // Queued, and not wanted any more.
        (Initial, Input::Cancel { reason, by }) => cancel::cancel_queued(turn, reason, by, false),
        (Initial, Input::Terminate { reason, by }) => cancel::cancel_queued(turn, reason, by, true),
        (InProgress, Input::Claim { key, worker }) => claim::claim(turn, &key, worker),
        (InProgress, Input::Report { report, worker }) => report::report(turn, report, worker),
        (InProgress, Input::Late { key, outcome, worker }) => late::late(turn, key, outcome, worker),
        (InProgress, Input::Lost { key, worker, reason }) => lost::lost(turn, key, &worker, &reason),
        (InProgress, Input::Signal { name, visit, data, by }) => signal::signal(turn, name, visit, data, by),
        (InProgress, Input::Pause { reason, by }) => pause::pause(turn, reason, by),
        (InProgress, Input::Resume { by }) => resume::resume(turn, by),
        (InProgress, Input::Cancel { reason, by }) => cancel::cancel(turn, reason, by),
        (InProgress, Input::Terminate { reason, by }) => terminate::terminate(turn, reason, by),
        (InProgress, Input::Tick) => tick::tick(turn),
        (
            Initial,
            Input::Claim { .. }
            | Input::Report { .. }
            | Input::Late { .. }
            | Input::Lost { .. }
            | Input::Signal { .. }
            | Input::Pause { .. }
            | Input::Resume { .. }
            | Input::Tick,
        )
        | (InProgress, Input::Queue { .. } | Input::Start { .. })
        | (Completed, _) => {}
    }
}
