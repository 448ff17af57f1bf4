//! Start: the log's first event, and the first steps.

use crate::{Reuse, evaluate::Turn};
use protocol::{
    TaskError,
    event::{ExecutionStart, Origin, Progress},
};
use serde_json::Value;
use std::sync::Arc;

pub(super) fn start(
    turn: &mut Turn<'_>,
    path: &str,
    version: u32,
    input: Arc<Value>,
    origin: Origin,
    reuse: Option<Arc<Reuse>>,
) {
    let workload = turn.playbook().workload_with(&input);
    let fits = input.is_null() || input.is_object();
    turn.emit(ExecutionStart {
        execution_id: turn.execution_id(),
        path: path.to_owned(),
        version,
        node_name: crate::evaluate::node_name(path).to_owned(),
        workload: Arc::new(workload),
        input: input.clone(),
        progress: Progress { completed: 0, known: turn.playbook().actionable() },
        origin,
        queued_at: turn.state().is_queued().then(|| turn.state().created_at()),
        arcs: Vec::new(),
    });
    if !fits {
        let message = format!("the input of playbook `{path}` must be a map of workload fields");
        return turn.fail_execution(TaskError::new("input_not_a_map", message));
    }
    turn.may_reuse(reuse);
    turn.begin();
}
