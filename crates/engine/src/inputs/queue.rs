//! Queue: the execution is known, and waits to be let in.

use crate::evaluate::Turn;
use protocol::event::{ExecutionQueued, Origin};
use serde_json::Value;
use std::sync::Arc;

pub(super) fn queue(
    turn: &mut Turn<'_>,
    path: String,
    version: u32,
    input: Arc<Value>,
    origin: Origin,
    reason: String,
    key: Option<String>,
) {
    if !turn.state().is_queued() {
        turn.emit(ExecutionQueued { execution_id: turn.execution_id(), path, version, input, origin, reason, key });
    }
}
