//! Deciding what is next.

mod approval;
mod arcs;
mod attempt;
mod cancel;
mod collection;
mod data;
mod end;
mod flow;
mod items;
mod pause;
mod retry;
mod reuse;
mod save;
mod task;
mod turn;
mod visit;
mod wait;
mod wake;

pub(crate) use attempt::asked_after;
pub(crate) use retry::Again;
pub(crate) use turn::Turn;
pub use wake::wake_at;

use crate::{Execution, Input, Playbook, inputs, playbook::RenderError};
use protocol::{Event, Task, TaskError, TaskKey, Timestamp};
use std::sync::Arc;

/// What follows from an input. Empty (`events` too) when nothing does.
#[derive(Clone, Debug)]
pub struct Decision {
    /// To append to the log, in order.
    pub events: Vec<Event>,
    /// New tasks.
    pub tasks: Vec<NewTask>,
    /// Tasks that leave the task table: reported, or no longer wanted.
    pub settled: Vec<TaskKey>,
    /// When to send a tick if nothing comes before: a wait is over, an approval or the execution runs out of time.
    /// Tasks that are due later need none.
    pub wake_at: Option<Timestamp>,
    /// The state after `events`: what [`Execution::apply`] makes of them.
    pub next: Execution,
}

/// A task for the task table.
#[derive(Clone, Debug)]
pub struct NewTask {
    pub task: Arc<Task>,
    /// Nobody may claim it before: the pause before a retry. Past for every other task.
    pub due: Timestamp,
}

/// Decides; changes nothing. Reports and claims that are late, repeated or for unknown tasks give an empty decision.
/// What fails within the playbook (a condition, a template) is told by events.
pub fn evaluate(playbook: &Playbook, execution: &Execution, input: Input, now: Timestamp) -> Decision {
    let mut turn = Turn::new(playbook, execution, now);
    inputs::dispatch(&mut turn, input);
    turn.into_decision()
}

/// What S4 shows as `node_name` of a whole execution: the last segment of its path.
pub(crate) fn node_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Named as the worker of what the engine does itself.
pub(crate) const ENGINE: &str = "engine";

fn template_error(error: &RenderError) -> TaskError {
    let code = if error.place.ends_with("when") || error.place.ends_with("where") {
        "condition_failed"
    } else {
        "template_failed"
    };
    TaskError::new(code, error.to_string())
}
